"""One account, many owners: nobody sees, changes or uses what is another's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from spellings import METHODS, PATHS, spellings
from stack_kit import API, CHAT, MASTER_KEY, Stack, chat

SECRET = "The secret word of A is xylophone"
NOT_FOUND = {"error": "Not found"}


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    stack = Stack(sqlite_url)
    yield stack
    stack.close()


@pytest.fixture
def both(database_url: str) -> Iterator[Stack]:
    """The same on each engine."""
    stack = Stack(database_url)
    yield stack
    stack.close()


def _asked_for(stack: Stack, id: str) -> list[Any]:
    """Return the requests that name *id* in any letter case, path, query or body."""
    plain = id.lower()
    return [
        seen
        for seen in stack.us.requests + stack.eu.requests
        if plain in seen.target.lower() or plain.encode() in (seen.body or b"").lower()
    ]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", PATHS)
def test_no_spelling_of_anothers_id_gets_through(stack: Stack, path: str, method: str) -> None:
    """200 spellings; WebTest decodes as a server does, and has no raw target."""
    a, b = stack.key("a"), stack.key("b")
    stack.us.next_result(text=SECRET)
    id = stack.submit(a)
    stack.finish()
    stack.us.requests.clear()
    tried = 0
    for spelled in spellings(id):
        target = API + path.format(id=spelled)
        if "\\" in target or "#" in target:
            continue  # No URL to WebTest; they are tried on the wire.
        reply = stack.ask(method, target, b)
        tried += 1
        assert b"xylophone" not in reply.body, target
        assert reply.status_int in (400, 404, 405), (target, reply)
        assert id.lower().encode() not in reply.body.lower(), target
        assert not [name for name in reply.headers if "xylophone" in reply.headers[name]]
    assert tried > 190
    assert _asked_for(stack, id) == []
    assert SECRET in stack.ask("GET", f"{API}/v2/transcript/{id}", a).json["text"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", PATHS[:7])
def test_anothers_id_is_answered_as_one_that_never_was(
    stack: Stack, path: str, method: str
) -> None:
    id = stack.submit(stack.key("a"))
    b = stack.key("b")
    unknown = "00000000-0000-4000-8000-000000000000"
    theirs, never = (stack.ask(method, API + path.format(id=each), b) for each in (id, unknown))
    assert (theirs.status, theirs.body, theirs.headers) == (
        never.status,
        never.body,
        never.headers,
    )
    assert theirs.status_int == 404


@pytest.mark.parametrize(
    "path",
    [
        "/v2/transcript/{id}/tomorrow",
        "/v2/transcript/{id}/a/b",
        "/v2/transcripts/{id}",
        "/v3/transcript/{id}",
        "/V2/TRANSCRIPT/{id}",
        "//v2/transcript/{id}",
        "/v2//transcript/{id}",
        "/v2/./transcript/{id}",
        "/v2;x/transcript;y/{id}",
        "/v2/tran%73cript/{id}",
        "/v2/tran%2573cript/{id}",
        "/v2/jobs/{id}",
        "/v2/jobs/{id}.json",
        "/v2/jobs?id={id}",
        "/v2/jobs?id=%2500{id}",
        "/lemur/v3/{id}",
        "//lemur//v3/{id}",
        "/v2/upload?of={id}",
        "/v2/transcript?status={id}",
        "/v2/transcript?BEFORE_ID={id}",
        "/v2/transcript?limit=5&x={id}",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"])
def test_paths_that_nobody_knows_hide_it_too(stack: Stack, path: str, method: str) -> None:
    id = stack.submit(stack.key("a"))
    b = stack.key("b")
    stack.us.requests.clear()
    reply = stack.ask(method, API + path.format(id=id), b)
    assert reply.status_int in (400, 404, 405)
    assert stack.us.requests == []


def test_an_unknown_path_without_an_id_goes_through(stack: Stack) -> None:
    stack.ask("GET", f"{API}/v2/tomorrow?x=1", stack.key("b"))
    assert [seen.target for seen in stack.us.requests] == ["/v2/tomorrow?x=1"]


def test_own_ids_may_be_encoded_but_only_own_queries_pass(stack: Stack) -> None:
    a, b = stack.key("a"), stack.key("b")
    mine, theirs = stack.submit(b), stack.submit(a)
    stack.finish()
    path = f"{API}/v2/transcript/{mine}/word-search?words="
    assert stack.ask("GET", path + "the", b).status_int == 200
    assert stack.ask("GET", path + "covid19-vaccination-2021", b).status_int == 200
    stack.us.requests.clear()
    assert stack.ask("GET", path + theirs, b).json == NOT_FOUND
    assert stack.ask("GET", path + theirs.upper(), b).json == NOT_FOUND
    assert stack.us.requests == []


@pytest.mark.parametrize(
    "header", ["X-HTTP-Method-Override", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method"]
)
def test_headers_that_change_what_is_asked_do_not_pass(stack: Stack, header: str) -> None:
    b = stack.key("b")
    stack.ask("GET", f"{API}/v2/tomorrow", b, headers={header: "/v2/transcript/x"})
    assert stack.us.requests[-1].header(header) is None


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_all_transcripts_at_once_cannot_be_changed(stack: Stack, method: str) -> None:
    assert stack.ask(method, f"{API}/v2/transcript", stack.key("b")).status_int == 405
    assert stack.us.requests == []


# Ids in bodies

LLM = "/llm-gateway.assemblyai"
BODIES = {
    "chat": (LLM + "/v1/chat/completions", lambda id: chat(transcript_id=id)),
    "chat, in a list": (LLM + "/v1/chat/completions", lambda id: chat(transcript_id=[id])),
    "chat, in other letters": (
        LLM + "/v1/chat/completions",
        lambda id: {**chat(), "Transcript_ID": id},
    ),
    "chat, by a long s": (
        LLM + "/v1/chat/completions",
        lambda id: {**chat(), "tran\u017fcript_id": id},
    ),
    "chat, deep": (
        LLM + "/v1/chat/completions",
        lambda id: chat(x=[{"y": {"transcript_ids": [id]}}]),
    ),
    "chat, path with a slash": (LLM + "/v1/chat/completions/", lambda id: chat(transcript_id=id)),
    "understanding": (LLM + "/v1/understanding", lambda id: {"transcript_id": id}),
    "lemur": (API + "/lemur/v3/generate/task", lambda id: {"transcript_ids": [id], "prompt": "x"}),
    "lemur, a string": (API + "/lemur/v3/generate/task", lambda id: {"transcript_ids": id}),
    "lemur, several": (API + "/lemur/v3/generate/task", lambda id: {"transcript_ids": f"{id},x"}),
    "tomorrow": (API + "/v3/merge", lambda id: {"of": [{"id": id}]}),
    "tomorrow, in a text": (API + "/v3/merge", lambda id: {"of": f"transcript:{id}"}),
    "tomorrow, upper case": (API + "/v3/merge", lambda id: {"of": id.upper()}),
    "not a string": (
        LLM + "/v1/chat/completions",
        lambda id: chat(transcript_id={"$ne": 1}, transcript_ids=[1]),
    ),
}


@pytest.mark.parametrize("case", BODIES)
def test_anothers_id_in_a_body_is_not_found(stack: Stack, case: str) -> None:
    path, body = BODIES[case]
    id = stack.submit(stack.key("a"))
    stack.finish()
    stack.us.requests.clear()
    reply = stack.ask("POST", path, stack.key("b"), json=body(id))
    assert (reply.status_int, reply.json) == (404, NOT_FOUND)
    assert stack.us.requests == []


def test_own_ids_in_bodies_pass(stack: Stack) -> None:
    b = stack.key("b")
    id = stack.submit(b)
    stack.finish()
    body = chat("{{ transcript }}", "gpt-5-mini", transcript_id=id)
    assert stack.ask("POST", LLM + "/v1/chat/completions", b, json=body).status_int == 200
    assert json.loads(stack.us.requests[-1].body or b"") == body


def test_a_name_in_a_schema_is_no_id(stack: Stack) -> None:
    schema = {"type": "object", "properties": {"transcript_id": {"type": "string"}}}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
    body = chat("hi", "gpt-5-mini", response_format=form)
    reply = stack.ask("POST", LLM + "/v1/chat/completions", stack.key("b"), json=body)
    assert reply.status_int == 200


def test_openais_route_says_not_found_in_openais_words(stack: Stack) -> None:
    id = stack.submit(stack.key("a"))
    stack.us.requests.clear()
    reply = stack.ask("POST", CHAT, stack.key("b"), json=chat(transcript_id=id))
    assert reply.status_int == 404
    assert reply.json == {
        "error": {
            "message": "Not found",
            "type": "not_found_error",
            "param": None,
            "code": "not_found",
        }
    }
    assert stack.us.requests == []


@pytest.mark.parametrize(
    "raw, headers, status",
    [
        pytest.param(b'{"transcript_id":"x","transcript_id":"ID"}', {}, 400, id="a key twice"),
        pytest.param(b'{"transcript_id":"ID"}', {"Content-Type": "audio/wav"}, 404, id="as audio"),
        pytest.param(
            b' \n{"transcript_id":"ID"}', {"Content-Type": "text/plain"}, 404, id="as text"
        ),
        pytest.param(b'{"transcript_id":"ID"}', {"Content-Encoding": "gzip"}, 415, id="compressed"),
        pytest.param(b'{"transcript_id":"ID"}', {"Content-Encoding": "utf-8"}, 415, id="utf-8"),
        pytest.param(b'\xef\xbb\xbf{"transcript_id":"ID"}', {}, 400, id="BOM"),
        pytest.param(
            b"transcript_id=ID&x=1",
            {"Content-Type": "application/x-www-form-urlencoded"},
            400,
            id="a form",
        ),
        pytest.param(
            b"--x\r\n\r\nID\r\n--x--", {"Content-Type": "multipart/form-data"}, 400, id="parts"
        ),
        pytest.param(b'{"transcript_id":"I\\u0044"}', {}, 404, id="escaped"),
    ],
)
def test_bodies_that_could_be_read_in_two_ways(
    stack: Stack, raw: bytes, headers: dict[str, str], status: int
) -> None:
    id = stack.submit(stack.key("a"))
    stack.us.requests.clear()
    headers = {"Content-Type": "application/json", **headers}
    reply = stack.app.post(
        f"{API}/lemur/v3/generate/task",
        params=raw.replace(b"ID", id.encode()),
        headers={**headers, "Authorization": stack.key("b")},
        status="*",
    )
    assert reply.status_int == status
    assert stack.us.requests == []


# Uploads


def _upload(stack: Stack, key: str) -> str:
    reply = stack.app.post(
        f"{API}/v2/upload",
        params=b"RIFF",
        headers={"Authorization": key, "Content-Type": "application/octet-stream"},
    )
    return str(reply.json["upload_url"])


RESPELLED = {
    "as it is": lambda url: url,
    "a query": lambda url: url + "?x=1",
    "a fragment": lambda url: url + "#x",
    "upper-case host": lambda url: url.replace("cdn.assemblyai", "CDN.AssemblyAI"),
    "http": lambda url: url.replace("https", "http"),
    "a port": lambda url: url.replace(".com/", ".com:443/"),
    "a user": lambda url: url.replace("//", "//x:y@"),
    "a dot at the host's end": lambda url: url.replace(".com/", ".com./"),
    "encoded": lambda url: url.replace("/upload", "/%75pload"),
    "encoded twice": lambda url: url.replace("/upload", "/%2575pload"),
    "doubled slashes": lambda url: url.replace("/upload", "//upload"),
    "dot segments": lambda url: url.replace("/upload", "/x/../upload"),
    "upper-case path": lambda url: url[:30] + url[30:].upper(),
    "spaces": lambda url: f"  {url}\n",
    "a tab within": lambda url: url.replace("assembly", "assem\tbly"),
    "full width": lambda url: url.replace("assemblyai", "\uff41ssemblyai"),
    "full-width dots": lambda url: url.replace("cdn.", "cdn\uff0e"),
    "backslashes": lambda url: url.replace("//", "\\\\"),
    "a backslash for the path": lambda url: url.replace(".com/", ".com\\"),
    "a soft hyphen": lambda url: url.replace("assembly", "assem\u00adbly"),
    "a soft hyphen, encoded": lambda url: url.replace("assembly", "assem%C2%ADbly"),
    "a soft hyphen, encoded twice": lambda url: url.replace("assembly", "assem%25C2%25ADbly"),
    "a word joiner": lambda url: url.replace("assembly", "assem\u2060bly"),
    "a zero width space": lambda url: url.replace("assembly", "assem\u200bbly"),
    "joiners": lambda url: url.replace("assembly", "assem\u200c\u200dbly"),
    "variation selectors": lambda url: url.replace("assembly", "assem\ufe0f\U000e0100bly"),
    "a Mongolian selector": lambda url: url.replace("assembly", "assem\u180bbly"),
    "a grapheme joiner": lambda url: url.replace("assembly", "assem\u034fbly"),
    "a mark of byte order": lambda url: url.replace("assembly", "\ufeffassembly"),
    "soft hyphens in the path": lambda url: url.replace("/upload", "/up\u00adload"),
    "a tab in an encoded one": lambda url: url.replace("assembly", "assem%C2\t%A\nDbly"),
    "letters in circles": lambda url: url.replace("assembly", "\u24d0ssem\u24d1ly"),
    "ideographic dots": lambda url: url.replace("cdn.", "cdn\u3002"),
    "half-width dots": lambda url: url.replace("cdn.", "cdn\uff61"),
    "a long s": lambda url: url.replace("assembly", "as\u017fembly"),
    "Punycode of plain letters": lambda url: url.replace("assemblyai", "xn--assemblyai-"),
    "line ends within": lambda url: url.replace("assembly", "as\r\nsem\nbly"),
    "a user and a port": lambda url: url.replace("//", "//x@y:z@").replace(".com/", ".com:0443/"),
    "one slash": lambda url: url.replace("https://", "https:/"),
    "no slash": lambda url: url.replace("https://", "https:"),
    "another host of theirs": lambda url: url.replace("cdn.", "cdn.eu."),
    "no scheme": lambda url: url.replace("https:", ""),
}


@pytest.mark.parametrize("case", RESPELLED)
def test_anothers_upload_cannot_be_used(stack: Stack, case: str) -> None:
    url = _upload(stack, stack.key("a"))
    b = stack.key("b")
    stack.us.requests.clear()
    for body in ({"audio_url": RESPELLED[case](url)}, {"Audio_URL": RESPELLED[case](url)}):
        reply = stack.ask("POST", f"{API}/v2/transcript", b, json=body)
        assert (reply.status_int, reply.json) == (403, {"error": "Cannot access uploaded file"})
    assert stack.us.requests == []


def test_own_uploads_can_be_used_and_their_url_is_left_as_it_is(stack: Stack) -> None:
    a, mate = stack.key("a", team="blue"), stack.key("mate", team="blue")
    url = _upload(stack, a)
    assert url in stack.us.uploads
    for key in (a, mate, MASTER_KEY):
        stack.submit(key, audio_url=url)


def test_an_upload_of_nobody_here_is_refused(stack: Stack) -> None:
    url = f"https://cdn.assemblyai.com/upload/{'0' * 32}/x"
    reply = stack.ask("POST", f"{API}/v2/transcript", stack.key("b"), json={"audio_url": url})
    assert reply.status_int == 403
    assert stack.us.requests == []


def test_somebodys_upload_is_refused_wherever_it_stands(stack: Stack) -> None:
    url = _upload(stack, stack.key("a"))
    stack.us.requests.clear()
    body = {"input": [{"file": url}]}
    assert stack.ask("POST", f"{API}/v3/batch", stack.key("b"), json=body).status_int == 403
    assert stack.us.requests == []


# Who owns


def test_a_team_shares_and_others_do_not(both: Stack) -> None:
    a, mate, b = both.key("a", team="blue"), both.key("mate", team="blue"), both.key("b")
    id = both.submit(a)
    path = f"{API}/v2/transcript/{id}"
    statuses = [both.ask("GET", path, key).status_int for key in (a, mate, b, MASTER_KEY)]
    assert statuses == [200, 200, 404, 200]


def test_scope_all_sees_what_was_made_here_and_nothing_else(both: Stack) -> None:
    auditor = both.key("auditor", scope="all")
    id = both.submit(both.key("a"))
    outside = both.us.new_transcript("account", {"audio_url": "x"}, "universal-3-5-pro", None).id
    assert both.ask("GET", f"{API}/v2/transcript/{id}", auditor).status_int == 200
    assert both.ask("GET", f"{API}/v2/transcript/{outside}", auditor).status_int == 404
    assert both.ask("GET", f"{API}/v2/transcript/{outside}", MASTER_KEY).status_int == 200
    listed = both.ask("GET", f"{API}/v2/transcript", auditor).json
    assert [item["id"] for item in listed["transcripts"]] == [id]


def test_a_rotated_key_keeps_what_it_made(both: Stack) -> None:
    id = both.submit(both.key("a"))
    new = both.keys.rotate("a").key
    assert both.ask("GET", f"{API}/v2/transcript/{id}", new).status_int == 200


def test_a_new_key_of_an_old_name_inherits_nothing(both: Stack) -> None:
    id = both.submit(both.key("a"))
    both.keys.revoke("a")
    again = both.key("a")
    assert both.ask("GET", f"{API}/v2/transcript/{id}", again).status_int == 404
    assert both.ask("GET", f"{API}/v2/transcript", again).json["transcripts"] == []


def test_a_revoked_keys_work_stays_its_teams(both: Stack) -> None:
    id = both.submit(both.key("a", team="blue"))
    both.keys.revoke("a")
    mate = both.key("mate", team="blue")
    assert both.ask("GET", f"{API}/v2/transcript/{id}", mate).status_int == 200


def test_an_id_is_one_regions(both: Stack) -> None:
    a = both.key("a")
    id = both.submit(a)
    assert both.ask("GET", f"/eu.assemblyai/v2/transcript/{id}", a).status_int == 404
    assert both.eu.requests == []


def test_without_the_ledger_nobody_reads(stack: Stack, sqlite_url: str) -> None:
    a = stack.key("a")
    id = stack.submit(a)
    stack.us.requests.clear()
    fresh = Stack(sqlite_url)
    assert fresh.ask("GET", f"{API}/v2/transcript/00000000000000001", a).status_int == 404
    with stack.keys.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE transcripts RENAME TO gone")
    reply = fresh.ask("GET", f"{API}/v2/transcript/{id}", a)
    assert (reply.status_int, reply.json) == (
        503,
        {"error": "Ownership cannot be checked at the moment."},
    )
    assert fresh.us.requests == []


# Lists


def _interleaved(stack: Stack, rows: int) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Fill the account's list with three owners' rows in turn; keys and ids, newest first."""
    keys = {name: stack.key(name) for name in ("a", "b", "c")}
    ids: dict[str, list[str]] = {name: [] for name in keys}
    for turn in range(rows):
        for name in ("a", "a", "b", "c") if turn % 3 else ("a", "a", "a"):
            ids[name].insert(0, stack.submit(keys[name]))
    return keys, ids


def _listed(reply: Any) -> list[str]:
    return [item["id"] for item in reply.json["transcripts"]]


def _follow(stack: Stack, url: str, key: str) -> Any:
    """Do what the Node SDK does with a link: ask that very URL, with the key in hand."""
    parts = urlsplit(url)
    assert parts.netloc == "localhost:80"
    return stack.ask("GET", f"{parts.path}?{parts.query}", key)


@pytest.mark.parametrize("limit", [1, 3, 7, 200])
def test_a_walk_down_and_up_visits_each_own_row_once(both: Stack, limit: int) -> None:
    keys, ids = _interleaved(both, 9)
    b = keys["b"]
    reply = both.ask("GET", f"{API}/v2/transcript?limit={limit}", b)
    seen, pages = _listed(reply), [reply]
    while (url := reply.json["page_details"]["prev_url"]) is not None:
        reply = _follow(both, url, b)
        seen += _listed(reply)
        pages.append(reply)
    assert seen == ids["b"]
    assert all(len(_listed(page)) == limit for page in pages[:-1])
    up = _listed(reply)
    while (url := reply.json["page_details"]["next_url"]) is not None:
        reply = _follow(both, url, b)
        up = _listed(reply) + up
    assert up == ids["b"]
    others = "".join(ids["a"] + ids["c"])
    for page in pages:
        assert not any(id in page.text for id in ids["a"] + ids["c"]), others
        assert "assemblyai.com" not in page.text
        assert page.json["page_details"]["result_count"] == len(_listed(page))


def test_the_master_key_sees_all_rows_and_links_through_here(both: Stack) -> None:
    _, ids = _interleaved(both, 4)
    reply = both.ask("GET", f"{API}/v2/transcript?limit=5", MASTER_KEY)
    seen = _listed(reply)
    while (url := reply.json["page_details"]["prev_url"]) is not None:
        reply = _follow(both, url, MASTER_KEY)
        seen += _listed(reply)
    assert sorted(seen) == sorted(id for own in ids.values() for id in own)
    assert "assemblyai.com" not in reply.text


def test_links_of_items_work(stack: Stack) -> None:
    a = stack.key("a")
    id = stack.submit(a)
    (item,) = stack.ask("GET", f"{API}/v2/transcript", a).json["transcripts"]
    assert item["resource_url"] == f"http://localhost:80{API}/v2/transcript/{id}"
    assert _follow(stack, item["resource_url"], a).json["id"] == id


def test_links_lead_through_a_mount_point(stack: Stack) -> None:
    a = stack.key("a")
    first, second = stack.submit(a), stack.submit(a)
    environ = {"SCRIPT_NAME": "/mnt", "HTTP_HOST": "app.example:8443"}
    reply = stack.app.get(
        f"{API}/v2/transcript?limit=1",
        headers={"Authorization": a},
        extra_environ={**environ, "wsgi.url_scheme": "https"},
    )
    assert _listed(reply) == [second]
    assert reply.json["page_details"]["prev_url"] == (
        f"https://app.example:8443/mnt{API}/v2/transcript?limit=1&before_id={second}"
    )
    assert first not in reply.text


@pytest.mark.parametrize("host", ["evil.example/x?", "a b", "[::1", "x@y", "a\\b"])
def test_a_host_that_is_none_does_not_get_into_links(stack: Stack, host: str) -> None:
    a = stack.key("a")
    stack.submit(a)
    reply = stack.app.get(
        f"{API}/v2/transcript",
        headers={"Authorization": a},
        extra_environ={"HTTP_HOST": host},
    )
    assert reply.json["page_details"]["current_url"].startswith(f"http://localhost:80{API}/v2/")


def test_filters_hold(stack: Stack) -> None:
    a, b = stack.key("a"), stack.key("b")
    done, _, other = stack.submit(a), stack.submit(b), stack.submit(a)
    stack.us.finish(done)
    reply = stack.ask("GET", f"{API}/v2/transcript?status=completed", a)
    assert _listed(reply) == [done]
    assert "status=completed" in reply.json["page_details"]["current_url"]
    assert _listed(stack.ask("GET", f"{API}/v2/transcript?status=queued", a)) == [other]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=%31%30%30%30%30",
        "limit=" + "9" * 15,
        "limit=1&limit=2",
        "limit=-1",
        "limit=1.5",
    ],
)
def test_a_limit_that_is_none_is_refused(stack: Stack, query: str) -> None:
    assert stack.ask("GET", f"{API}/v2/transcript?{query}", stack.key("a")).status_int == 400


def test_a_head_of_the_list_has_no_body_and_shows_nothing_of_the_account(stack: Stack) -> None:
    a, b = stack.key("a"), stack.key("b")
    empty = stack.ask("HEAD", f"{API}/v2/transcript", b)
    for _ in range(3):
        stack.submit(a)
    full = stack.ask("HEAD", f"{API}/v2/transcript", b)
    assert (full.body, full.headers) == (b"", empty.headers)


def test_an_error_of_the_list_is_passed_on(stack: Stack) -> None:
    key = stack.key("a")
    stack.submit(key)
    stack.us.fail_next(500, path="/v2/transcript")
    reply = stack.ask("GET", f"{API}/v2/transcript", key)
    assert (reply.status_int, reply.json) == (500, {"error": "Internal Server Error"})


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"transcripts": 1}', b'"x"'])
@pytest.mark.parametrize("who", ["a", "master"])
def test_a_list_that_is_none_shows_nothing(stack: Stack, body: bytes, who: str) -> None:
    key = MASTER_KEY if who == "master" else stack.key("a")
    if who != "master":
        stack.submit(key)
    stack.us.fail_next(200, body=body, path="/v2/transcript")
    reply = stack.ask("GET", f"{API}/v2/transcript", key)
    if who == "master" and body.startswith(b"{"):
        assert reply.status_int == 200
    else:
        assert (reply.status_int, reply.json) == (
            502,
            {"error": "AssemblyAI's list cannot be read."},
        )


# Regions


def test_a_key_of_the_eu_works_in_the_eu(stack: Stack) -> None:
    key = stack.key("e", region="eu")
    id = stack.submit(key, prefix="/eu.assemblyai")
    stack.finish()
    assert stack.ask("GET", f"/eu.assemblyai/v2/transcript/{id}", key).status_int == 200
    assert stack.ask("GET", "/eu.assemblyai/v2/transcript", key).json["transcripts"][0]["id"] == id
    assert (
        stack.ask("GET", "/eu.streaming.assemblyai/v3/token?expires_in_seconds=60", key).status_int
        == 200
    )
    assert stack.us.requests == []
    (row,) = [row for row in stack.ledger.calls() if row["transcript_id"]]
    assert row["region"] == "eu"


def test_the_openai_route_serves_a_key_of_the_eu_from_the_eu(stack: Stack) -> None:
    """Its list of models has no US ones, and spoils nobody else's."""
    key, other = stack.key("e", region="eu"), stack.key("o")
    shown = [model["id"] for model in stack.ask("GET", "/v1/models", key).json["data"]]
    assert shown
    assert all(name.startswith("eu.") for name in shown)
    assert stack.us.requests == []
    model = next(name for name in shown if "claude" in name)
    assert stack.ask("POST", CHAT, key, json=chat("hi", model)).status_int == 200
    reply = stack.ask("POST", CHAT, key, json=chat("hi", "assemblyai/gpt-5-mini"))
    assert (reply.status_int, reply.json["error"]["type"]) == (403, "permission_error")
    assert stack.us.requests == []
    everything = [model["id"] for model in stack.ask("GET", "/v1/models", other).json["data"]]
    assert set(shown) < set(everything)
