"""A Flask site with a login and a microphone page, set up by ASSEMBLYAI_MW_CONFIG."""

import os
import time
from pathlib import Path

from flask import Flask, session
from state import state

from assemblyai_mw.hosts.flask import AssemblyAI

application = Flask(__name__)
application.secret_key = "of-the-tests"
assemblyai = AssemblyAI(application)


@application.get("/page")
def page():
    return "the host's own page"


@application.get("/state")
def of_this_process():
    return state()


@application.get("/long")
def long():
    """Make the file LONG, and answer once it is gone."""
    file = Path(os.environ["LONG"])
    file.touch()
    while file.exists():
        time.sleep(0.02)
    return "at last"


@application.get("/login/<user>")
def login(user):
    session["user"] = user
    return user


@application.get("/microphone")
def microphone():
    return Path(__file__).with_name("microphone.html").read_text()


@assemblyai.identify
def identify():
    user = session.get("user")
    return user and {"key": "web", "team": f"user-{user}", "end_user": user}
