
CREATE TABLE audit (
	id BIGSERIAL NOT NULL, 
	at BIGINT NOT NULL, 
	actor TEXT, 
	action TEXT NOT NULL, 
	key_id BIGINT, 
	key_name TEXT, 
	team TEXT, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (id)
)

;
CREATE INDEX audit_key ON audit (key_id, id);

CREATE TABLE calls (
	id BIGSERIAL NOT NULL, 
	request_id TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	key_id BIGINT, 
	key_name TEXT, 
	team TEXT, 
	end_user TEXT, 
	route TEXT NOT NULL, 
	service TEXT NOT NULL, 
	region TEXT NOT NULL, 
	method TEXT NOT NULL, 
	path TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	model TEXT, 
	features TEXT NOT NULL, 
	tags TEXT NOT NULL, 
	status SMALLINT, 
	state TEXT NOT NULL, 
	reason TEXT, 
	transcript_id TEXT, 
	audio_ms BIGINT, 
	input_tokens BIGINT, 
	output_tokens BIGINT, 
	cached_tokens BIGINT, 
	cost_nano BIGINT, 
	breakdown TEXT, 
	usage TEXT, 
	duration_ms BIGINT, 
	closed_at BIGINT, 
	due_at BIGINT, 
	attempts INTEGER NOT NULL, 
	kept_nano BIGINT, 
	estimated BOOLEAN, 
	PRIMARY KEY (id)
)

;
CREATE INDEX calls_at ON calls (at, id);
CREATE INDEX calls_due ON calls (due_at) WHERE state = 'pending';
CREATE INDEX calls_key ON calls (key_id, at, id);
CREATE INDEX calls_pending ON calls (at) WHERE state = 'pending';
CREATE INDEX calls_team ON calls (team, at, id);
CREATE INDEX calls_unpriced ON calls (id) WHERE state = 'unpriced';

CREATE TABLE holds (
	id BIGSERIAL NOT NULL, 
	request_id TEXT NOT NULL, 
	call_id BIGINT, 
	key_id BIGINT, 
	team TEXT, 
	amount_nano BIGINT NOT NULL, 
	at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	PRIMARY KEY (id)
)

;
CREATE INDEX ix_holds_expires_at ON holds (expires_at);
CREATE INDEX ix_holds_request_id ON holds (request_id);

CREATE TABLE kept_answers (
	scope BYTEA NOT NULL, 
	key BYTEA NOT NULL, 
	at BIGINT NOT NULL, 
	request_id TEXT NOT NULL, 
	call_at BIGINT NOT NULL, 
	digest BYTEA, 
	known BOOLEAN, 
	status SMALLINT, 
	headers TEXT, 
	body BYTEA, 
	PRIMARY KEY (scope, key)
)

;
CREATE INDEX kept_answers_at ON kept_answers (at);

CREATE TABLE keys (
	id BIGSERIAL NOT NULL, 
	name TEXT NOT NULL, 
	prefix TEXT NOT NULL, 
	team TEXT, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	revoked_at BIGINT, 
	region TEXT, 
	scope TEXT NOT NULL, 
	rpm INTEGER, 
	team_rpm INTEGER, 
	routes TEXT, 
	models TEXT, 
	features TEXT, 
	denied_features TEXT NOT NULL, 
	max_upload_bytes BIGINT, 
	allow_unpriced BOOLEAN NOT NULL, 
	tags TEXT NOT NULL, 
	budget_nano BIGINT, 
	budget_daily_nano BIGINT, 
	budget_monthly_nano BIGINT, 
	soft_budget_ratio FLOAT, 
	max_sessions INTEGER, 
	PRIMARY KEY (id)
)

;
CREATE UNIQUE INDEX keys_live_name ON keys (name) WHERE revoked_at IS NULL;
CREATE INDEX keys_team ON keys (team);

CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
)

;

CREATE TABLE spend (
	scope TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	period TEXT NOT NULL, 
	spent_nano BIGINT NOT NULL, 
	held_nano BIGINT NOT NULL, 
	warned BOOLEAN NOT NULL, 
	PRIMARY KEY (scope, owner, period)
)

;

CREATE TABLE tag_totals (
	day TEXT NOT NULL, 
	tag TEXT NOT NULL, 
	calls BIGINT NOT NULL, 
	failed BIGINT NOT NULL, 
	unpriced BIGINT NOT NULL, 
	audio_ms BIGINT NOT NULL, 
	input_tokens BIGINT NOT NULL, 
	output_tokens BIGINT NOT NULL, 
	cached_tokens BIGINT NOT NULL, 
	cost_nano BIGINT NOT NULL, 
	PRIMARY KEY (day, tag)
)

;

CREATE TABLE teams (
	name TEXT NOT NULL, 
	budget_nano BIGINT, 
	budget_daily_nano BIGINT, 
	budget_monthly_nano BIGINT, 
	soft_budget_ratio FLOAT, 
	rpm INTEGER, 
	max_sessions INTEGER, 
	PRIMARY KEY (name)
)

;

CREATE TABLE totals (
	day TEXT NOT NULL, 
	key_id BIGINT NOT NULL, 
	key_name TEXT NOT NULL, 
	team TEXT NOT NULL, 
	model TEXT NOT NULL, 
	calls BIGINT NOT NULL, 
	failed BIGINT NOT NULL, 
	unpriced BIGINT NOT NULL, 
	audio_ms BIGINT NOT NULL, 
	input_tokens BIGINT NOT NULL, 
	output_tokens BIGINT NOT NULL, 
	cached_tokens BIGINT NOT NULL, 
	cost_nano BIGINT NOT NULL, 
	PRIMARY KEY (day, key_id, key_name, team, model)
)

;

CREATE TABLE uploads (
	region TEXT NOT NULL, 
	hash BYTEA NOT NULL, 
	key_id BIGINT, 
	key_name TEXT, 
	team TEXT, 
	at BIGINT NOT NULL, 
	audio_ms BIGINT, 
	audio_channels INTEGER, 
	audio_counted BOOLEAN, 
	PRIMARY KEY (region, hash)
)

;

CREATE TABLE open_sessions (
	call_id BIGINT NOT NULL, 
	request_id TEXT NOT NULL, 
	key_id BIGINT, 
	team TEXT, 
	at BIGINT NOT NULL, 
	seen_at BIGINT NOT NULL, 
	elapsed_ms BIGINT NOT NULL, 
	PRIMARY KEY (call_id), 
	FOREIGN KEY(call_id) REFERENCES calls (id)
)

;
CREATE INDEX open_sessions_key ON open_sessions (key_id);
CREATE INDEX open_sessions_team ON open_sessions (team);

CREATE TABLE secrets (
	hash BYTEA NOT NULL, 
	key_id BIGINT NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(key_id) REFERENCES keys (id)
)

;
CREATE INDEX ix_secrets_key_id ON secrets (key_id);

CREATE TABLE session_tokens (
	hash BYTEA NOT NULL, 
	key_id BIGINT, 
	team TEXT, 
	service TEXT NOT NULL, 
	region TEXT NOT NULL, 
	end_user TEXT, 
	tags TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	max_session_s INTEGER NOT NULL, 
	used_at BIGINT, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(key_id) REFERENCES keys (id)
)

;
CREATE INDEX session_tokens_expiry ON session_tokens (expires_at);

CREATE TABLE transcripts (
	region TEXT NOT NULL, 
	id TEXT NOT NULL, 
	call_id BIGINT NOT NULL, 
	owner TEXT NOT NULL, 
	key_id BIGINT, 
	key_name TEXT, 
	team TEXT, 
	at BIGINT NOT NULL, 
	status TEXT NOT NULL, 
	completed_at BIGINT, 
	PRIMARY KEY (region, id), 
	UNIQUE (call_id), 
	FOREIGN KEY(call_id) REFERENCES calls (id)
)

;
CREATE INDEX transcripts_listed ON transcripts (region, owner, status, call_id);
CREATE INDEX transcripts_region ON transcripts (region, call_id);
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (1, 1792224922314865, 'cli', 'create', 1, 'former', 'search', '{"prefix":"sk-W1YK...","team":"search","tags":{"feature":"captions"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (2, 1792224922317164, 'cli', 'create', 2, 'expired', NULL, '{"prefix":"sk-4dyZ...","expires_at":"2026-10-18T08:15:22.315883Z"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (3, 1792224922320738, 'cli', 'create', 3, 'everything', 'search',  E'{"prefix":"sk-W9l4...","budget_usd":"100.000000001","budget_daily_usd":"10","budget_monthly_usd":"50","soft_budget_ratio":0.0001,"rpm":600,"max_sessions":3,"team_rpm":6000,"team":"search","expires_at":"2051-06-08T08:15:22.317568Z","region":"us","routes":["/assemblyai","/sync.assemblyai"],"models":["universal-2","universal-3-5-pro"],"features":["auto_chapters","speaker_labels"],"denied_features":["redact_pii"],"max_upload_bytes":1000000,"allow_unpriced":true,"tags":{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (4, 1792224922327776, 'cli', 'set_team', NULL, NULL, 'search', '{"budget_usd":{"old":null,"new":"1000"},"budget_monthly_usd":{"old":null,"new":"99.5"},"soft_budget_ratio":{"old":null,"new":0.5}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (5, 1792224922334018, 'cli', 'set_team', NULL, NULL, 'idle', '{"budget_usd":{"old":null,"new":"0"},"rpm":{"old":null,"new":7},"max_sessions":{"old":null,"new":0}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (6, 1795594522364522, 'cli', 'revoke', 1, 'former', 'search', '{}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (7, 1795680922370377, 'cli', 'create', 4, 'rotated', 'voice', '{"prefix":"sk-4Dcs...","team":"voice"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (8, 1795680922373964, 'cli', 'rotate', 4, 'rotated', 'voice', '{"prefix":{"old":"sk-4Dcs...","new":"sk-bnc4..."},"old_secret_until":"2036-11-23T08:15:22.371320Z"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (9, 1795680922375460, 'cli', 'create', 5, 'chatting', NULL, '{"prefix":"sk-EyT6...","budget_usd":"5","rpm":600,"scope":"all"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (10, 1795680922382320, 'cli', 'set', 5, 'chatting', NULL, '{"budget_monthly_usd":{"old":null,"new":"3"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (11, 1795680922383702, 'cli', 'create', 6, 'anew', NULL, '{"prefix":"sk-Up-L..."}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (12, 1795680922389951, 'cli', 'set', 6, 'anew', NULL, '{"expires_at":{"old":null,"new":"2036-05-29T13:35:22.384037Z"}}');
SELECT setval(pg_get_serial_sequence('audit', 'id'), 12, true);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (1, 'request-MainProcess-16', 1792233562335121, 1, 'former', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2","feature":"captions"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1792233562336120, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (2, 'request-MainProcess-17', 1792233562342710, 1, 'former', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2","feature":"captions"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1792233562343201, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (3, 'request-MainProcess-18', 1792268122344780, 2, 'expired', NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1792268122345198, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (4, 'request-MainProcess-19', 1792268122353601, 2, 'expired', NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1792268122354096, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (5, 'request-MainProcess-20', 1794540442355412, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}',  E'{"v":"2","feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1794540442355839, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (6, 'request-MainProcess-21', 1794540442357123, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}',  E'{"v":"2","feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1794540442357512, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (7, 'request-MainProcess-22', 1795594522365996, NULL, NULL, NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'odd
''model''', '{}', '{}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 5, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000005"}]',  E'{"kind":"transcript","model":"odd\\n''model''","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795594522366444, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (8, 'f4ab87dcadfb543b79bc9a842c3e6533', 1795680922392910, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"features":["speaker_labels"],"audio":"683fb42e0634e315724956dbb60cf5fc"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'settled', NULL, 'a8a9a3b0-b877-4191-9642-4c346d21fb19', 13000, NULL, NULL, 0, 830555, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"},{"item":"speaker_labels","quantity":"13","unit":"second","rate":"0.02/hour","amount_usd":"0.000072222"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":["speaker_labels"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795680922467944, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (9, 'b6c6348f4272b65dde575d69e876e1fc', 1795680922459808, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"7dc168ad8b9aa731e4e357a426a3560c"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'failed', NULL, '06fb798e-38d4-433f-975e-c638469ab3a2', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795680922475234, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (10, 'd1838348c2065abdd94bb16235268f48', 1795680922478744, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"572f7a16a78288212cad3105fc97e96a"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'pending', NULL, 'aaf8fe06-635e-4bdf-a47d-34920a2ceac8', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795680925483164, 0, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (11, '1c392238baea92e76ac3364d22c6e51e', 1795680922486153, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"084f39e2c2c239f79d71f9cfe447c34b"}', '{}', 200, 'settled', NULL, '8a8a8658-ede8-44db-ab56-4ff943666fb4', 13000, NULL, NULL, 0, 758333, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795680922495403, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (12, '906bb119b2b53c1d690da1d0658e40fa', 1795680922488050, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"8f5ea7e1c477c511f0769d2f424f9f9d"}', '{}', 200, 'failed', NULL, '38a43acd-2ac6-40fe-98e7-2bbdcdea674e', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795680922497226, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (13, '24d2e333863c0850ff4011dad8f555fe', 1795680922498017, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"8155aa9c82943305cd3776a9d6cc6912"}', '{}', 200, 'pending', NULL, '3c5503d5-d270-42f8-b5c1-bd046f7eea88', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795680925498774, 0, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (14, '756db6566df4a6c21019f4d5b3854aad', 1795680922499402, 4, 'rotated', 'voice', NULL, '/eu.assemblyai', 'api', 'eu', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"2bde8a83a90c0c3195d03fd515fb570e"}', '{}', 200, 'settled', NULL, '01a90c58-aa32-4f1f-87ba-545472753c0a', 13000, NULL, NULL, 0, 758333, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"eu","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795680922506074, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (15, 'b292be6b045fda868366e7b357c205ec', 1795680922508096, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}', '{}', 200, 'settled', NULL, NULL, NULL, 1, 8, 0, 17875, '[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]', '{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}', NULL, 1795680922515520, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (16, 'a6543a6592e2e22a64d85960ffd95243', 1795680922516838, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":131}', '{}', 200, 'settled', NULL, NULL, NULL, 1, 8, 0, 17875, '[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]', '{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}', NULL, 1795680922520632, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (17, '30147ca0695ba46624ff45d27f57a62c', 1795680922526313, 4, 'rotated', 'voice', NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/understanding', 'understanding', NULL, '{"features":["speech_understanding.translation"],"transcript_id":"8a8a8658-ede8-44db-ab56-4ff943666fb4","audio_ms":13000}', '{}', 200, 'settled', NULL, NULL, 13000, NULL, NULL, 0, 216667, '[{"item":"speech_understanding.translation","quantity":"13","unit":"second","rate":"0.06/hour","amount_usd":"0.000216667"}]', '{"kind":"understanding","model":null,"region":"us","audio_ms":13000,"channels":1,"features":["speech_understanding.translation"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795680922528147, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (18, '5b343dc8634e973cc31108f3fc1a51ab', 1795680922529363, 6, 'anew', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":73}', '{}', 200, 'unpriced', 'the reply has no usage', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795680922530478, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (19, '059a83b55e1d41869a47a69deceeef69', 1795680922534623, 6, 'anew', NULL, NULL, '/sync.assemblyai', 'sync', 'global', 'POST', '/v1/transcribe', 'sync', NULL, '{}', '{}', 200, 'settled', NULL, NULL, 2500, NULL, NULL, 0, 208333, '[{"item":"sync","quantity":"2.5","unit":"second","rate":"0.3/hour","amount_usd":"0.000208333"}]', '{"kind":"sync","model":null,"region":"global","audio_ms":2500,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795680922537957, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (20, '9eb4d34d32735003af095b9b64fc86d4', 1795680922539010, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}', '{}', 500, 'failed', NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795680922542776, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (21, 'request-MainProcess-23', 1795680922574566, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795681822574595, 0, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (22, 'request-MainProcess-24', 1795680922577631, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795681822578639, 0, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (23, 'request-MainProcess-25', 1795680922578958, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'nobody-knows', '{}', '{}', 200, 'unpriced', 'no price', NULL, 60000, NULL, NULL, 0, NULL, NULL, '{"kind":"transcript","model":"nobody-knows","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795680922582768, NULL, 0, 7000000, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (24, 'request-MainProcess-26', 1795680922583938, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'nobody-knows', '{}', '{}', NULL, 'unpriced', 'usage was not seen', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795680922584310, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (25, 'request-MainProcess-27', 1795680922586278, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', 500, 'failed', 'upstream failed', NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 1250, 1795680922586648, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (26, 'request-MainProcess-28', 1795680922587154, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'dear-later', '{}', '{}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 42, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000042"}]', '{"kind":"transcript","model":"dear-later","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795680922587526, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (27, 'request-MainProcess-30', 1795680922591733, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v3/ws', 'session', NULL, '{"models":["universal-streaming-english"]}', '{}', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795767322594276, 0, NULL, NULL);
SELECT setval(pg_get_serial_sequence('calls', 'id'), 27, true);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (3, 'd1838348c2065abdd94bb16235268f48', NULL, 3, 'search', 210000000, 1795680922478744, 1795688182479418);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (7, 'request-MainProcess-24', NULL, 5, NULL, 3000000, 1795680922577631, 1795680922578657);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (9, 'request-MainProcess-29', NULL, 5, NULL, 9000000, 1795680922591116, 2095680922591132);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (10, 'request-MainProcess-30', NULL, 5, NULL, 5000000, 1795680922591733, 2095680922591746);
SELECT setval(pg_get_serial_sequence('holds', 'id'), 10, true);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions) VALUES (1, 'former', 'sk-W1YK...', 'search', 1792224922207427, NULL, 1795594522363949, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{"feature":"captions"}', NULL, NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions) VALUES (2, 'expired', 'sk-4dyZ...', NULL, 1792224922315883, 1792311322315883, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions) VALUES (3, 'everything', 'sk-W9l4...', 'search', 1792224922317568, 2569824922317568, NULL, 'us', 'own', 600, 6000, '["/assemblyai","/sync.assemblyai"]', '["universal-2","universal-3-5-pro"]', '["auto_chapters","speaker_labels"]', '["redact_pii"]', 1000000, true,  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 100000000001, 10000000000, 50000000000, 0.0001, 3);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions) VALUES (4, 'rotated', 'sk-bnc4...', 'voice', 1795680922366997, NULL, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions) VALUES (5, 'chatting', 'sk-EyT6...', NULL, 1795680922374433, NULL, NULL, NULL, 'all', 600, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', 5000000000, NULL, 3000000000, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions) VALUES (6, 'anew', 'sk-Up-L...', NULL, 1795680922382689, 2095680922384037, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL, NULL);
SELECT setval(pg_get_serial_sequence('keys', 'id'), 6, true);
INSERT INTO meta (name, value) VALUES ('created_at', '1792224922230172');
INSERT INTO meta (name, value) VALUES ('database_id', '52e7c19c-7b45-460c-8f44-de39d6e93fc3');
INSERT INTO meta (name, value) VALUES ('schema_version', '5');
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '1', '2026-10', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '1', '2026-10-17', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '1', 'total', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '2', '2026-10', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '2', '2026-10-17', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '2', 'total', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '3', '2026-11', 12346509457, 210000000, true);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '3', '2026-11-13', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '3', '2026-11-26', 830555, 210000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '3', 'total', 12346509457, 210000000, true);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '4', '2026-11', 1733333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '4', '2026-11-26', 1733333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '4', 'total', 1733333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '5', '2026-11', 7035792, 17000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '5', '2026-11-26', 7035792, 17000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '5', 'total', 7035792, 17000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '6', '2026-11', 208333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '6', '2026-11-26', 208333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '6', 'total', 208333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', '2026-10', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', '2026-10-17', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', '2026-11', 12346509457, 210000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', '2026-11-13', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', '2026-11-26', 830555, 210000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', 'total', 24692188359, 210000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'voice', '2026-11', 1733333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'voice', '2026-11-26', 1733333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'voice', 'total', 1733333, 0, false);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-10-17', 'feature=captions', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-10-17', 'v=2', 4, 0, 0, 240000, 0, 0, 0, 24691357804);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-13', 'feature=captions', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-13', 'v=2', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-13', 'été=it''s; --', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 'feature=captions', 2, 1, 0, 13000, 0, 0, 0, 830555);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 'été=it''s; --', 2, 1, 0, 13000, 0, 0, 0, 830555);
INSERT INTO teams (name, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, rpm, max_sessions) VALUES ('idle', 0, NULL, NULL, NULL, 7, 0);
INSERT INTO teams (name, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, rpm, max_sessions) VALUES ('search', 1000000000000, NULL, 99500000000, 0.5, NULL, NULL);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-10-17', 1, 'former', 'search', 'universal-2', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-10-17', 2, 'expired', '', 'universal-2', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-13', 3, 'everything', 'search', 'universal-2', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-25', 0, '', '', 'odd
''model''', 1, 0, 0, 60000, 0, 0, 0, 5);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 3, 'everything', 'search', 'universal-3-5-pro', 2, 1, 0, 13000, 0, 0, 0, 830555);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 4, 'rotated', 'voice', '', 1, 0, 0, 13000, 0, 0, 0, 216667);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 4, 'rotated', 'voice', 'universal-3-5-pro', 3, 1, 0, 26000, 0, 0, 0, 1516666);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 5, 'chatting', '', 'dear-later', 1, 0, 0, 60000, 0, 0, 0, 42);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 5, 'chatting', '', 'gpt-5-mini', 3, 1, 0, 0, 2, 16, 0, 35750);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 5, 'chatting', '', 'nobody-knows', 2, 0, 2, 60000, 0, 0, 0, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 5, 'chatting', '', 'universal-2', 1, 1, 0, 0, 0, 0, 0, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 6, 'anew', '', '', 1, 0, 0, 2500, 0, 0, 0, 208333);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 6, 'anew', '', 'gpt-5-mini', 1, 0, 1, 0, 0, 0, 0, 0);
INSERT INTO uploads (region, hash, key_id, key_name, team, at, audio_ms, audio_channels, audio_counted) VALUES ('us', '\x28fc389f28f94418b4c2f737e52351bc645b9937e1e3f89e3e123edc7a826592'::bytea, 4, 'rotated', 'voice', 1795680922507598, NULL, NULL, NULL);
INSERT INTO open_sessions (call_id, request_id, key_id, team, at, seen_at, elapsed_ms) VALUES (27, 'request-MainProcess-30', 5, NULL, 1795680922591733, 1795680922595026, 15000);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x0b377dde12c381180166d2c146bfacdcd7730be85bd897266767b7a75db706b2'::bytea, 4, 1795680922371320, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x4b4591d8a16b085119e1598b8a347971bf0bab92b0a7f3ae8393d252337e30ed'::bytea, 5, 1795680922374433, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x7531cf0e0316e57b86a7da1d5d2de768d534f5ce9d8f5c66a6450d6420e01144'::bytea, 6, 1795680922382689, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x8f6d4c848fbf5cec2fff044a84b0b20eb1e626407200ccf71474e739710bf2c6'::bytea, 2, 1792224922315883, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x91b28d2f67ff75db11132788cf224fe0ddfc605e23c9831b039eece68978a56f'::bytea, 4, 1795680922366997, 2111040922371320);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\xf13b25de27e496c73913bd04446667a312dd213519bf7b92e626e9cb0a6c006c'::bytea, 3, 1792224922317568, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\xf5c3cc7a8b09af1266d8b87100d3d98379c72f2a7d6dcf7af224f7200214e796'::bytea, 1, 1792224922207427, NULL);
INSERT INTO session_tokens (hash, key_id, team, service, region, end_user, tags, at, expires_at, max_session_s, used_at) VALUES ('\x8424dcaaf68795cc08a73faf2dc28c95c03ef7ca22eaf66c1ea3fcccd5933233'::bytea, 5, NULL, 'streaming', 'global', 'user-7', '{}', 1795680922596125, 1795681522596125, 60, NULL);
INSERT INTO session_tokens (hash, key_id, team, service, region, end_user, tags, at, expires_at, max_session_s, used_at) VALUES ('\xd81e8e8cb1ebdc22a75427554711d6748f1941964ac665f608f02782f1aef898'::bytea, 5, NULL, 'streaming', 'global', 'user-7', '{"page":"talk"}', 1795680922598735, 1795681522598735, 60, NULL);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('eu', '01a90c58-aa32-4f1f-87ba-545472753c0a', 14, 'team:voice', 4, 'rotated', 'voice', 1795680922499402, 'completed', 1795680922506074);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '06fb798e-38d4-433f-975e-c638469ab3a2', 9, 'team:search', 3, 'everything', 'search', 1795680922459808, 'error', 1795680922475234);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '38a43acd-2ac6-40fe-98e7-2bbdcdea674e', 12, 'team:voice', 4, 'rotated', 'voice', 1795680922488050, 'error', 1795680922497226);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '3c5503d5-d270-42f8-b5c1-bd046f7eea88', 13, 'team:voice', 4, 'rotated', 'voice', 1795680922498017, 'queued', NULL);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '8a8a8658-ede8-44db-ab56-4ff943666fb4', 11, 'team:voice', 4, 'rotated', 'voice', 1795680922486153, 'completed', 1795680922495403);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', 'a8a9a3b0-b877-4191-9642-4c346d21fb19', 8, 'team:search', 3, 'everything', 'search', 1795680922392910, 'completed', 1795680922467944);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', 'aaf8fe06-635e-4bdf-a47d-34920a2ceac8', 10, 'team:search', 3, 'everything', 'search', 1795680922478744, 'queued', NULL);
