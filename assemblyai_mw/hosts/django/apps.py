"""The Django app: it has no models, only a management command."""

from django.apps import AppConfig


class AssemblyAIConfig(AppConfig):  # type: ignore[misc] # Django ships no types
    """`INSTALLED_APPS = [..., "assemblyai_mw.hosts.django"]`."""

    name = "assemblyai_mw.hosts.django"
    label = "assemblyai_mw"
    verbose_name = "AssemblyAI"
