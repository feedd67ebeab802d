"""The Django app: it has no models, only system checks and a management command."""

from django.apps import AppConfig


class AssemblyAIConfig(AppConfig):  # type: ignore[misc] # Django ships no types
    """`INSTALLED_APPS = [..., "assemblyai_mw.hosts.django"]`."""

    name = "assemblyai_mw.hosts.django"
    label = "assemblyai_mw"
    verbose_name = "AssemblyAI"

    def ready(self) -> None:
        """Register the system checks."""
        from django.core.checks import register

        from .checks import check_configuration, check_middleware, check_wsgi

        for each in (check_configuration, check_middleware, check_wsgi):
            register(each)
