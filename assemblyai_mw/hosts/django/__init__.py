"""AssemblyAI in a Django project: one line of wsgi.py.

    from assemblyai_mw.hosts.django import wrap

    application = wrap(get_wsgi_application())

Configured by `ASSEMBLYAI_MW` in the settings. In `INSTALLED_APPS`, `assemblyai_mw.hosts.django`
brings the command line as `manage.py assemblyai ...`.
"""

from .wrapping import SETTING, settings_config, wrap

__all__ = ["SETTING", "settings_config", "wrap"]
