"""HTTP/1.1 and WSGI mechanics. Pure, and independent of AssemblyAI.

messages     targets, headers and framing of a request, from WSGI's environ
encoding     a Content-Encoding undone, within a bound
strict_json  JSON by RFC 8259 and nothing else
lookalikes   names and URLs as lax readers take them
sse          Server-Sent Events, byte for byte
bodies       reply bodies that are read while they pass
wsgi         an inner app's reply, looked at (PEP 3333)
"""
