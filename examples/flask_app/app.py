"""An ordinary Flask app with a page of its own, and AssemblyAI behind it.

    gunicorn --chdir examples/flask_app app:app

The last line adds the middleware. It is configured by the environment, or by
the YAML file that ASSEMBLYAI_MW_CONFIG names; see the README.
"""

from flask import Flask, jsonify, render_template_string

from assemblyai_mw import AssemblyAIMiddleware

app = Flask(__name__)

PAGE = """<!doctype html>
<title>Podcasts</title>
<h1>Podcasts</h1>
<p>This page is the app's own. Speech and language models are at
<code>/assemblyai</code>, <code>/eu.assemblyai</code> and <code>/v1</code>.</p>"""


@app.get("/")
def home():
    return render_template_string(PAGE)


@app.get("/healthz")
def health():
    return jsonify(status="ok")


app.wsgi_app = AssemblyAIMiddleware(app.wsgi_app)
