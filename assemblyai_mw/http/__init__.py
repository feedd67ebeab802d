"""HTTP/1.1 and WSGI mechanics. Pure, and independent of AssemblyAI.

messages       targets, headers and framing of a request, from WSGI's environ
encoding       a Content-Encoding undone, within a bound
query          a query as a JSON object, and back
strict_json    JSON by RFC 8259 and nothing else
lookalikes     names and URLs as lax readers take them
sse            Server-Sent Events, byte for byte
bodies         reply bodies that are read while they pass
wsgi           an inner app's reply, looked at (PEP 3333)
counted_input  A request body that counts its bytes as they are read, and keeps its beginning
fields         choosing header fields by their names, cheaply
paths          one reading of a path in any spelling, as a lax reader may take it
private        replies that depend on the caller
origins        origins of web pages, as browsers write them
"""
