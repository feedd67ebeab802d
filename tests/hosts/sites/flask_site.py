"""A Flask app with a login of its own, set up by ASSEMBLYAI_MW_CONFIG; run by server processes."""

import os

from flask import Flask, session

from assemblyai_mw.hosts.flask import AssemblyAI

app = Flask(__name__, static_folder=os.path.abspath("static"))
app.secret_key = "of-the-tests"
assemblyai = AssemblyAI(app)


@app.get("/page")
def page():
    return "the host's own page"


@app.get("/login/<user>")
def login(user):
    session["user"] = user
    return user


@assemblyai.identify
def identify():
    user = session.get("user")
    return user and {"key": "web", "team": f"user-{user}", "end_user": user}
