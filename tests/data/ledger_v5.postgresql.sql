
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

CREATE TABLE budgets (
	id BIGSERIAL NOT NULL, 
	scope TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	budget_nano BIGINT, 
	budget_daily_nano BIGINT, 
	budget_monthly_nano BIGINT, 
	soft_budget_ratio FLOAT, 
	extra_budget_nano BIGINT, 
	extra_budget_until BIGINT, 
	PRIMARY KEY (id)
)

;
CREATE UNIQUE INDEX budgets_owner ON budgets (scope, owner);

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
	characters BIGINT, 
	budgets TEXT, 
	PRIMARY KEY (id)
)

;
CREATE INDEX calls_at ON calls (at, id);
CREATE INDEX calls_due ON calls (due_at) WHERE state = 'pending';
CREATE INDEX calls_end_user ON calls (end_user, at, id) WHERE end_user IS NOT NULL;
CREATE INDEX calls_failed ON calls (at, id) WHERE state = 'failed';
CREATE INDEX calls_key ON calls (key_id, at, id);
CREATE INDEX calls_key_name ON calls (key_name, at, id);
CREATE INDEX calls_model ON calls (model, at, id);
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
	budgets TEXT, 
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
	extra_budget_nano BIGINT, 
	extra_budget_until BIGINT, 
	tpm INTEGER, 
	max_parallel INTEGER, 
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

CREATE TABLE owned (
	service TEXT NOT NULL, 
	region TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	id TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	key_id BIGINT, 
	key_name TEXT, 
	team TEXT, 
	at BIGINT NOT NULL, 
	call_id BIGINT, 
	PRIMARY KEY (service, region, kind, id)
)

;
CREATE INDEX owned_listed ON owned (service, region, kind, owner, at, id);

CREATE TABLE spend (
	scope TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	period TEXT NOT NULL, 
	spent_nano BIGINT NOT NULL, 
	held_nano BIGINT NOT NULL, 
	warned BOOLEAN NOT NULL, 
	told INTEGER, 
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
	characters BIGINT DEFAULT 0 NOT NULL, 
	PRIMARY KEY (day, tag)
)

;

CREATE TABLE tagged_totals (
	day TEXT NOT NULL, 
	key_id BIGINT NOT NULL, 
	calls BIGINT NOT NULL, 
	failed BIGINT NOT NULL, 
	unpriced BIGINT NOT NULL, 
	audio_ms BIGINT NOT NULL, 
	input_tokens BIGINT NOT NULL, 
	output_tokens BIGINT NOT NULL, 
	cached_tokens BIGINT NOT NULL, 
	cost_nano BIGINT NOT NULL, 
	characters BIGINT DEFAULT 0 NOT NULL, 
	PRIMARY KEY (day, key_id)
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
	extra_budget_nano BIGINT, 
	extra_budget_until BIGINT, 
	tpm INTEGER, 
	max_parallel INTEGER, 
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
	characters BIGINT DEFAULT 0 NOT NULL, 
	PRIMARY KEY (day, key_id, key_name, team, model)
)

;
CREATE INDEX totals_key ON totals (key_id, day);
CREATE INDEX totals_key_name ON totals (key_name, day);
CREATE INDEX totals_model ON totals (model, day);
CREATE INDEX totals_team ON totals (team, day);

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
	UNIQUE (call_id)
)

;
CREATE INDEX transcripts_listed ON transcripts (region, owner, status, call_id);
CREATE INDEX transcripts_region ON transcripts (region, call_id);

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
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (1, 1792227535050137, 'cli', 'create', 1, 'former', 'search', '{"prefix":"sk-Agez...","team":"search","tags":{"feature":"captions"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (2, 1792227535053047, 'cli', 'create', 2, 'expired', NULL, '{"prefix":"sk-5S8_...","expires_at":"2026-10-18T08:58:55.051617Z"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (3, 1792227535054805, 'cli', 'create', 3, 'everything', 'search',  E'{"prefix":"sk-ZgSg...","budget_usd":"100.000000001","budget_daily_usd":"10","budget_monthly_usd":"50","soft_budget_ratio":0.0001,"rpm":600,"max_sessions":3,"team_rpm":6000,"team":"search","expires_at":"2051-06-08T08:58:55.053501Z","region":"us","routes":["/assemblyai","/sync.assemblyai"],"models":["universal-2","universal-3-5-pro"],"features":["auto_chapters","speaker_labels"],"denied_features":["redact_pii"],"max_upload_bytes":1000000,"allow_unpriced":true,"tags":{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (4, 1792227535058968, 'cli', 'set_team', NULL, NULL, 'search', '{"budget_usd":{"old":null,"new":"1000"},"budget_monthly_usd":{"old":null,"new":"99.5"},"soft_budget_ratio":{"old":null,"new":0.5}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (5, 1792227535062002, 'cli', 'set_team', NULL, NULL, 'idle', '{"budget_usd":{"old":null,"new":"0"},"rpm":{"old":null,"new":7},"max_sessions":{"old":null,"new":0}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (6, 1795597135086112, 'cli', 'revoke', 1, 'former', 'search', '{}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (7, 1795683535089778, 'cli', 'create', 4, 'rotated', 'voice', '{"prefix":"sk-C2f7...","team":"voice"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (8, 1795683535092760, 'cli', 'rotate', 4, 'rotated', 'voice', '{"prefix":{"old":"sk-C2f7...","new":"sk-zNZ2..."},"old_secret_until":"2036-11-23T08:58:55.091090Z"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (9, 1795683535095285, 'cli', 'create', 5, 'chatting', NULL, '{"prefix":"sk-JypW...","budget_usd":"5","rpm":600,"scope":"all"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (10, 1795683535098096, 'cli', 'set', 5, 'chatting', NULL, '{"budget_monthly_usd":{"old":null,"new":"3"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (11, 1795683535100224, 'cli', 'create', 6, 'anew', NULL, '{"prefix":"sk-IfYF..."}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (12, 1795683535102087, 'cli', 'set', 6, 'anew', NULL, '{"expires_at":{"old":null,"new":"2036-05-29T14:18:55.100770Z"}}');
SELECT setval(pg_get_serial_sequence('audit', 'id'), 12, true);
SELECT setval(pg_get_serial_sequence('budgets', 'id'), 1, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (1, 'request-MainProcess-16', 1792236175063508, 1, 'former', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2","feature":"captions"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1792236175065100, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (2, 'request-MainProcess-17', 1792236175068946, 1, 'former', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2","feature":"captions"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1792236175069727, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (3, 'request-MainProcess-18', 1792270735072318, 2, 'expired', NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1792270735073654, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (4, 'request-MainProcess-19', 1792270735075348, 2, 'expired', NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1792270735076139, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (5, 'request-MainProcess-20', 1794543055078334, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}',  E'{"v":"2","feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1794543055079074, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (6, 'request-MainProcess-21', 1794543055081022, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}',  E'{"v":"2","feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1794543055081666, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (7, 'request-MainProcess-22', 1795597135086753, NULL, NULL, NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'odd
''model''', '{}', '{}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 5, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000005"}]',  E'{"kind":"transcript","model":"odd\\n''model''","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795597135087408, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (8, '336689b6521dbe739772be4957b0d553', 1795683535108637, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"features":["speaker_labels"],"audio":"8d7312c83c267dd2af637010904f713f"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'settled', NULL, '1613da51-df1a-42d6-8e1f-492037dddb79', 13000, NULL, NULL, 0, 830555, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"},{"item":"speaker_labels","quantity":"13","unit":"second","rate":"0.02/hour","amount_usd":"0.000072222"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":["speaker_labels"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795683535151669, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (9, '38bad8fc6bc5a00461dc3dfcfaf4af96', 1795683535144119, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"8b358727a6031d1644d3ad1429123d29"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'failed', NULL, '11fb9c25-6c17-42fb-9853-a0b0f887a587', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795683535157082, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (10, '854616b4ebb8f7ab39c6604ea0a035de', 1795683535159599, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"00eff95c08aa7cde670f6a105eb53b4d"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'pending', NULL, '563591bd-f81a-4917-b3d2-6e2731493341', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795683538163797, 0, NULL, NULL, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (11, 'fb8fd83f1ef15a632feaf9f9f00ff24b', 1795683535164786, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"5f48015fb98530ff4caf806b06e83124"}', '{}', 200, 'settled', NULL, '79e5d569-c92d-4401-953e-8e8fabb1a76b', 13000, NULL, NULL, 0, 758333, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795683535171226, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (12, 'a9790c9edc2f44c539186544d301b5df', 1795683535167725, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"d6e20e2673f8e68834696ce65a478306"}', '{}', 200, 'failed', NULL, '10bab8c0-fee1-40f7-8e1a-2144f6618ec1', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795683535174124, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (13, '56d602bda9291beb0638c1812c57557d', 1795683535175199, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"f659781eced4bdee7338c05320c640a1"}', '{}', 200, 'pending', NULL, '2d83cac1-4e17-4d19-959d-8e69cafdfc38', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795683538176462, 0, NULL, NULL, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (14, 'd21c7464267531d9514eba328e468afa', 1795683535177382, 4, 'rotated', 'voice', NULL, '/eu.assemblyai', 'api', 'eu', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"66a3c8e69d7586116fce1cc5a9492b1a"}', '{}', 200, 'settled', NULL, '1611a41d-7cab-4529-a1d1-0f10d3bb332a', 13000, NULL, NULL, 0, 758333, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"eu","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795683535181195, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (15, '74477fd0727be08e64b0ce5ee27bc8ba', 1795683535184310, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}', '{}', 200, 'settled', NULL, NULL, NULL, 1, 8, 0, 17875, '[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]', '{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}', NULL, 1795683535188869, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (16, 'b748fd0817151656f0d6a89569d48c7b', 1795683535191117, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":131}', '{}', 200, 'settled', NULL, NULL, NULL, 1, 8, 0, 17875, '[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]', '{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}', NULL, 1795683535194804, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (17, 'fe71a1f19145f8cac6660a3cc6695f97', 1795683535196811, 4, 'rotated', 'voice', NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/understanding', 'understanding', NULL, '{"features":["speech_understanding.translation"],"transcript_id":"79e5d569-c92d-4401-953e-8e8fabb1a76b","audio_ms":13000}', '{}', 200, 'settled', NULL, NULL, 13000, NULL, NULL, 0, 216667, '[{"item":"speech_understanding.translation","quantity":"13","unit":"second","rate":"0.06/hour","amount_usd":"0.000216667"}]', '{"kind":"understanding","model":null,"region":"us","audio_ms":13000,"channels":1,"features":["speech_understanding.translation"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795683535199250, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (18, 'cc0aa56d3b4d5decc39b6c80e170662d', 1795683535201051, 6, 'anew', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":73}', '{}', 200, 'unpriced', 'the reply has no usage', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795683535202718, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (19, '05a39bd0e30cae9c5de1ed77820e1fd4', 1795683535204230, 6, 'anew', NULL, NULL, '/sync.assemblyai', 'sync', 'global', 'POST', '/v1/transcribe', 'sync', NULL, '{}', '{}', 200, 'settled', NULL, NULL, 2500, NULL, NULL, 0, 208333, '[{"item":"sync","quantity":"2.5","unit":"second","rate":"0.3/hour","amount_usd":"0.000208333"}]', '{"kind":"sync","model":null,"region":"global","audio_ms":2500,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795683535206460, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (20, '55ece3f9505aa362ab8167c2112f2763', 1795683535208087, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}', '{}', 500, 'failed', NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795683535211244, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (21, 'request-MainProcess-23', 1795683535233671, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795684435233713, 0, NULL, NULL, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (22, 'request-MainProcess-24', 1795683535234904, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795684435236578, 0, NULL, NULL, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (23, 'request-MainProcess-25', 1795683535237097, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'nobody-knows', '{}', '{}', 200, 'unpriced', 'no price', NULL, 60000, NULL, NULL, 0, NULL, NULL, '{"kind":"transcript","model":"nobody-knows","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795683535239105, NULL, 0, 7000000, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (24, 'request-MainProcess-26', 1795683535241028, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'nobody-knows', '{}', '{}', NULL, 'unpriced', 'usage was not seen', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795683535241712, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (25, 'request-MainProcess-27', 1795683535242684, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', 500, 'failed', 'upstream failed', NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 1250, 1795683535243343, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (26, 'request-MainProcess-28', 1795683535244236, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'dear-later', '{}', '{}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 42, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000042"}]', '{"kind":"transcript","model":"dear-later","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795683535245134, NULL, 0, NULL, false, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated, characters, budgets) VALUES (27, 'request-MainProcess-30', 1795683535249043, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v3/ws', 'session', NULL, '{"models":["universal-streaming-english"]}', '{}', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795769935250546, 0, NULL, NULL, NULL, NULL);
SELECT setval(pg_get_serial_sequence('calls', 'id'), 27, true);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at, budgets) VALUES (3, '854616b4ebb8f7ab39c6604ea0a035de', NULL, 3, 'search', 210000000, 1795683535159599, 1795690795160521, NULL);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at, budgets) VALUES (7, 'request-MainProcess-24', NULL, 5, NULL, 3000000, 1795683535234904, 1795683535235934, NULL);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at, budgets) VALUES (9, 'request-MainProcess-29', NULL, 5, NULL, 9000000, 1795683535247476, 2095683535247501, NULL);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at, budgets) VALUES (10, 'request-MainProcess-30', NULL, 5, NULL, 5000000, 1795683535249043, 2095683535249068, NULL);
SELECT setval(pg_get_serial_sequence('holds', 'id'), 10, true);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions, extra_budget_nano, extra_budget_until, tpm, max_parallel) VALUES (1, 'former', 'sk-Agez...', 'search', 1792227534968767, NULL, 1795597135085276, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{"feature":"captions"}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions, extra_budget_nano, extra_budget_until, tpm, max_parallel) VALUES (2, 'expired', 'sk-5S8_...', NULL, 1792227535051617, 1792313935051617, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions, extra_budget_nano, extra_budget_until, tpm, max_parallel) VALUES (3, 'everything', 'sk-ZgSg...', 'search', 1792227535053501, 2569827535053501, NULL, 'us', 'own', 600, 6000, '["/assemblyai","/sync.assemblyai"]', '["universal-2","universal-3-5-pro"]', '["auto_chapters","speaker_labels"]', '["redact_pii"]', 1000000, true,  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 100000000001, 10000000000, 50000000000, 0.0001, 3, NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions, extra_budget_nano, extra_budget_until, tpm, max_parallel) VALUES (4, 'rotated', 'sk-zNZ2...', 'voice', 1795683535088184, NULL, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions, extra_budget_nano, extra_budget_until, tpm, max_parallel) VALUES (5, 'chatting', 'sk-JypW...', NULL, 1795683535093434, NULL, NULL, NULL, 'all', 600, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', 5000000000, NULL, 3000000000, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions, extra_budget_nano, extra_budget_until, tpm, max_parallel) VALUES (6, 'anew', 'sk-IfYF...', NULL, 1795683535098710, 2095683535100770, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT setval(pg_get_serial_sequence('keys', 'id'), 6, true);
INSERT INTO meta (name, value) VALUES ('created_at', '1792227534984418');
INSERT INTO meta (name, value) VALUES ('database_id', '05a9edb4-cbfa-4938-8565-9164662f9c30');
INSERT INTO meta (name, value) VALUES ('schema_version', '5');
INSERT INTO owned (service, region, kind, id, owner, key_id, key_name, team, at, call_id) VALUES ('agents', 'global', 'agent', 'agent-1', 'key:5', 5, 'chatting', NULL, 1795683535253977, NULL);
INSERT INTO owned (service, region, kind, id, owner, key_id, key_name, team, at, call_id) VALUES ('agents', 'global', 'session', 'session-1', 'key:5', 5, 'chatting', NULL, 1795683535254831, 27);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '1', '2026-10', 12345678902, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '1', '2026-10-17', 12345678902, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '1', 'total', 12345678902, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '2', '2026-10', 12345678902, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '2', '2026-10-17', 12345678902, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '2', 'total', 12345678902, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '3', '2026-11', 12346509457, 210000000, false, 100);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '3', '2026-11-13', 12345678902, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '3', '2026-11-26', 830555, 210000000, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '3', 'total', 12346509457, 210000000, false, 100);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '4', '2026-11', 1733333, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '4', '2026-11-26', 1733333, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '4', 'total', 1733333, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '5', '2026-11', 7035792, 17000000, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '5', '2026-11-26', 7035792, 17000000, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '5', 'total', 7035792, 17000000, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '6', '2026-11', 208333, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '6', '2026-11-26', 208333, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('key', '6', 'total', 208333, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('team', 'search', '2026-10', 12345678902, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('team', 'search', '2026-10-17', 12345678902, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('team', 'search', '2026-11', 12346509457, 210000000, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('team', 'search', '2026-11-13', 12345678902, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('team', 'search', '2026-11-26', 830555, 210000000, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('team', 'search', 'total', 24692188359, 210000000, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('team', 'voice', '2026-11', 1733333, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('team', 'voice', '2026-11-26', 1733333, 0, false, NULL);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned, told) VALUES ('team', 'voice', 'total', 1733333, 0, false, NULL);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-10-17', 'feature=captions', 2, 0, 0, 120000, 0, 0, 0, 12345678902, 0);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-10-17', 'v=2', 4, 0, 0, 240000, 0, 0, 0, 24691357804, 0);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-13', 'feature=captions', 2, 0, 0, 120000, 0, 0, 0, 12345678902, 0);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-13', 'v=2', 2, 0, 0, 120000, 0, 0, 0, 12345678902, 0);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-13', 'été=it''s; --', 2, 0, 0, 120000, 0, 0, 0, 12345678902, 0);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-26', 'feature=captions', 2, 1, 0, 13000, 0, 0, 0, 830555, 0);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-26', 'été=it''s; --', 2, 1, 0, 13000, 0, 0, 0, 830555, 0);
INSERT INTO tagged_totals (day, key_id, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-10-17', 1, 2, 0, 0, 120000, 0, 0, 0, 12345678902, 0);
INSERT INTO tagged_totals (day, key_id, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-10-17', 2, 2, 0, 0, 120000, 0, 0, 0, 12345678902, 0);
INSERT INTO tagged_totals (day, key_id, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-13', 3, 2, 0, 0, 120000, 0, 0, 0, 12345678902, 0);
INSERT INTO tagged_totals (day, key_id, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-26', 3, 2, 1, 0, 13000, 0, 0, 0, 830555, 0);
INSERT INTO teams (name, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, rpm, max_sessions, extra_budget_nano, extra_budget_until, tpm, max_parallel) VALUES ('idle', 0, NULL, NULL, NULL, 7, 0, NULL, NULL, NULL, NULL);
INSERT INTO teams (name, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, rpm, max_sessions, extra_budget_nano, extra_budget_until, tpm, max_parallel) VALUES ('search', 1000000000000, NULL, 99500000000, 0.5, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-10-17', 1, 'former', 'search', 'universal-2', 2, 0, 0, 120000, 0, 0, 0, 12345678902, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-10-17', 2, 'expired', '', 'universal-2', 2, 0, 0, 120000, 0, 0, 0, 12345678902, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-13', 3, 'everything', 'search', 'universal-2', 2, 0, 0, 120000, 0, 0, 0, 12345678902, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-25', 0, '', '', 'odd
''model''', 1, 0, 0, 60000, 0, 0, 0, 5, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-26', 3, 'everything', 'search', 'universal-3-5-pro', 2, 1, 0, 13000, 0, 0, 0, 830555, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-26', 4, 'rotated', 'voice', '', 1, 0, 0, 13000, 0, 0, 0, 216667, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-26', 4, 'rotated', 'voice', 'universal-3-5-pro', 3, 1, 0, 26000, 0, 0, 0, 1516666, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-26', 5, 'chatting', '', 'dear-later', 1, 0, 0, 60000, 0, 0, 0, 42, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-26', 5, 'chatting', '', 'gpt-5-mini', 3, 1, 0, 0, 2, 16, 0, 35750, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-26', 5, 'chatting', '', 'nobody-knows', 2, 0, 2, 60000, 0, 0, 0, 0, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-26', 5, 'chatting', '', 'universal-2', 1, 1, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-26', 6, 'anew', '', '', 1, 0, 0, 2500, 0, 0, 0, 208333, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, characters) VALUES ('2026-11-26', 6, 'anew', '', 'gpt-5-mini', 1, 0, 1, 0, 0, 0, 0, 0, 0);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('eu', '1611a41d-7cab-4529-a1d1-0f10d3bb332a', 14, 'team:voice', 4, 'rotated', 'voice', 1795683535177382, 'completed', 1795683535181195);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '10bab8c0-fee1-40f7-8e1a-2144f6618ec1', 12, 'team:voice', 4, 'rotated', 'voice', 1795683535167725, 'error', 1795683535174124);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '11fb9c25-6c17-42fb-9853-a0b0f887a587', 9, 'team:search', 3, 'everything', 'search', 1795683535144119, 'error', 1795683535157082);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '1613da51-df1a-42d6-8e1f-492037dddb79', 8, 'team:search', 3, 'everything', 'search', 1795683535108637, 'completed', 1795683535151669);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '2d83cac1-4e17-4d19-959d-8e69cafdfc38', 13, 'team:voice', 4, 'rotated', 'voice', 1795683535175199, 'queued', NULL);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '563591bd-f81a-4917-b3d2-6e2731493341', 10, 'team:search', 3, 'everything', 'search', 1795683535159599, 'queued', NULL);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '79e5d569-c92d-4401-953e-8e8fabb1a76b', 11, 'team:voice', 4, 'rotated', 'voice', 1795683535164786, 'completed', 1795683535171226);
INSERT INTO uploads (region, hash, key_id, key_name, team, at, audio_ms, audio_channels, audio_counted) VALUES ('us', '\xf3abb95761dd62b5ef58a8a04099531048d430aa5a71683b6243029afb4599b4'::bytea, 4, 'rotated', 'voice', 1795683535183494, NULL, NULL, NULL);
INSERT INTO open_sessions (call_id, request_id, key_id, team, at, seen_at, elapsed_ms) VALUES (27, 'request-MainProcess-30', 5, NULL, 1795683535249043, 1795683535252112, 15000);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x22c301bcded451062f830d32e27cc65cc503ab919c22665b0827437f943af457'::bytea, 1, 1792227534968767, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x3434e26a54339aad8eb94837c1686ec811935f82aa647785a24ad7f6d7baa83d'::bytea, 5, 1795683535093434, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x5704fec826ba2975e3d5a7deec05a50d33dfa9be5360aba28b296501ce11cd6c'::bytea, 3, 1792227535053501, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x95f005ba2f9f7705a4efaceb464a0a8e86face5c85dc597ce5aac6642d4c37ec'::bytea, 6, 1795683535098710, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\xd5d47a6f14d9893eaa95b24a14cebf666ccf943c448670158fab8f238ae6d2cf'::bytea, 2, 1792227535051617, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\xe35c728de6803c032e2eec442dd4c516419b8aa728522c5f870d6381a78d5afd'::bytea, 4, 1795683535088184, 2111043535091090);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\xf7031a8360a8dc6d55aba94472b9fb64f8f06c4b9766cf7be7e883a24a18d0a6'::bytea, 4, 1795683535091090, NULL);
INSERT INTO session_tokens (hash, key_id, team, service, region, end_user, tags, at, expires_at, max_session_s, used_at) VALUES ('\x69d6354898ae14be83e3fda5d829d32d392495b5a29ccb3744376de6e25a054c'::bytea, 5, NULL, 'streaming', 'global', 'user-7', '{"page":"talk"}', 1795683535256798, 1795684135256798, 60, NULL);
INSERT INTO session_tokens (hash, key_id, team, service, region, end_user, tags, at, expires_at, max_session_s, used_at) VALUES ('\x8f5a5d5f5c99777edadc85767436623b7f9dc16610a0c35c37820329696059f7'::bytea, 5, NULL, 'streaming', 'global', 'user-7', '{}', 1795683535255303, 1795684135255303, 60, NULL);
