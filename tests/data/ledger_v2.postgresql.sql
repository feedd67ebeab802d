
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
	PRIMARY KEY (region, hash)
)

;

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
CREATE INDEX transcripts_owner ON transcripts (region, owner, call_id);
CREATE INDEX transcripts_region ON transcripts (region, call_id);
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (1, 1792201736049274, 'cli', 'create', 1, 'former', 'search', '{"prefix":"sk-Wecf...","team":"search","tags":{"feature":"captions"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (2, 1792201736052393, 'cli', 'create', 2, 'expired', NULL, '{"prefix":"sk-0o6G...","expires_at":"2026-10-18T01:48:56.050805Z"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (3, 1792201736054500, 'cli', 'create', 3, 'everything', 'search',  E'{"prefix":"sk-4CfI...","budget_usd":"100.000000001","budget_daily_usd":"10","budget_monthly_usd":"50","soft_budget_ratio":0.0001,"rpm":600,"team_rpm":6000,"team":"search","expires_at":"2051-06-08T01:48:56.053006Z","region":"us","routes":["/assemblyai","/sync.assemblyai"],"models":["universal-2","universal-3-5-pro"],"features":["auto_chapters","speaker_labels"],"denied_features":["redact_pii"],"max_upload_bytes":1000000,"allow_unpriced":true,"tags":{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (4, 1792201736059622, 'cli', 'set_team', NULL, NULL, 'search', '{"budget_usd":{"old":null,"new":"1000"},"budget_monthly_usd":{"old":null,"new":"99.5"},"soft_budget_ratio":{"old":null,"new":0.5}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (5, 1792201736062683, 'cli', 'set_team', NULL, NULL, 'idle', '{"budget_usd":{"old":null,"new":"0"},"rpm":{"old":null,"new":7}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (6, 1795571336084060, 'cli', 'revoke', 1, 'former', 'search', '{}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (7, 1795657736088024, 'cli', 'create', 4, 'rotated', 'voice', '{"prefix":"sk-6GhL...","team":"voice"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (8, 1795657736091316, 'cli', 'rotate', 4, 'rotated', 'voice', '{"prefix":{"old":"sk-6GhL...","new":"sk-0F0P..."},"old_secret_until":"2036-11-23T01:48:56.089222Z"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (9, 1795657736093826, 'cli', 'create', 5, 'chatting', NULL, '{"prefix":"sk-TfNl...","budget_usd":"5","rpm":600,"scope":"all"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (10, 1795657736096350, 'cli', 'set', 5, 'chatting', NULL, '{"budget_monthly_usd":{"old":null,"new":"3"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (11, 1795657736098522, 'cli', 'create', 6, 'anew', NULL, '{"prefix":"sk-Y4Bx..."}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (12, 1795657736100285, 'cli', 'set', 6, 'anew', NULL, '{"expires_at":{"old":null,"new":"2036-05-29T07:08:56.098958Z"}}');
SELECT setval(pg_get_serial_sequence('audit', 'id'), 12, true);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (1, 'request-MainProcess-15', 1792210376064238, 1, 'former', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2","feature":"captions"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1792210376065344, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (2, 'request-MainProcess-16', 1792210376068032, 1, 'former', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2","feature":"captions"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1792210376068591, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (3, 'request-MainProcess-17', 1792244936071600, 2, 'expired', NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1792244936072316, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (4, 'request-MainProcess-18', 1792244936073858, 2, 'expired', NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1792244936074473, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (5, 'request-MainProcess-19', 1794517256076364, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}',  E'{"v":"2","feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1794517256076897, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (6, 'request-MainProcess-20', 1794517256079121, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}',  E'{"v":"2","feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1794517256079922, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (7, 'request-MainProcess-21', 1795571336084684, NULL, NULL, NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'odd
''model''', '{}', '{}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 5, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000005"}]',  E'{"kind":"transcript","model":"odd\\n''model''","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795571336085226, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (8, '134595a0b3f00fdf1b2dec869992670b', 1795657736102540, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"features":["speaker_labels"],"audio":"da01077373beb0e9e34e7a6ca46c719c"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'settled', NULL, 'c261d3dc-536a-4b26-b732-b80b3659809d', 13000, NULL, NULL, 0, 830555, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"},{"item":"speaker_labels","quantity":"13","unit":"second","rate":"0.02/hour","amount_usd":"0.000072222"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":["speaker_labels"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795657736203313, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (9, 'b7ac218d7ea776748fb79c6381d63852', 1795657736194089, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"db83cf5525528f29d9d9731ba106629a"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'failed', NULL, '856ab3e3-565e-4a58-bab8-b5669334aaa1', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795657736208978, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (10, 'b6ed8c819cec6635b25c9662d78c232d', 1795657736211078, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"e19452a79fe1efc9012c2d2053895b2b"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'pending', NULL, '227b9be8-b3c2-4dfe-a8dc-53d319c4c8fd', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795657739215475, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (11, '6e7357be600ad00295cdd03c41fda54b', 1795657736218072, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"217d0068dd9e4c3bf27f234af800ac83"}', '{}', 200, 'settled', NULL, '1a45c4f2-9256-45f9-9718-598d85b097c5', 13000, NULL, NULL, 0, 758333, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795657736224568, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (12, '8b623d12d8f200c535d753978559e16a', 1795657736221292, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"a86617b40fef94155427942ac3ea4d29"}', '{}', 200, 'failed', NULL, '73c4604a-5992-4d1d-bf05-56a1d82ae288', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795657736227616, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (13, 'd437b8fd509633011389e1b8e627cf6f', 1795657736228940, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"6a3dd0d7f1a094b37b81203a3669aa90"}', '{}', 200, 'pending', NULL, '659298a6-d861-4c9b-a7d9-ea74a23ae6db', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795657739230450, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (14, '14d1e822421cf9cd8813c7d7b771ae06', 1795657736232020, 4, 'rotated', 'voice', NULL, '/eu.assemblyai', 'api', 'eu', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"7f979745b3697961ac9fb0d17c25664d"}', '{}', 200, 'settled', NULL, '5a4640e6-b50a-4a33-a0db-761a9c4eb933', 13000, NULL, NULL, 0, 758333, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"eu","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795657736235216, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (15, '3b2954b9f2949e1775a9fc1691b5e7fc', 1795657736238395, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}', '{}', 200, 'settled', NULL, NULL, NULL, 1, 8, 0, 17875, '[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]', '{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":"gpt-5-mini"}', NULL, 1795657736242019, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (16, '7f2d3acbd63481c53a1027b8a62ab3e7', 1795657736244808, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":131}', '{}', 200, 'settled', NULL, NULL, NULL, 1, 8, 0, 17875, '[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]', '{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":"gpt-5-mini"}', NULL, 1795657736247742, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (17, '97f5d3037373354cac98143673c593a3', 1795657736249982, 4, 'rotated', 'voice', NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/understanding', 'understanding', NULL, '{"features":["speech_understanding.translation"],"transcript_id":"1a45c4f2-9256-45f9-9718-598d85b097c5","audio_ms":13000}', '{}', 200, 'settled', NULL, NULL, 13000, NULL, NULL, 0, 216667, '[{"item":"speech_understanding.translation","quantity":"13","unit":"second","rate":"0.06/hour","amount_usd":"0.000216667"}]', '{"kind":"understanding","model":null,"region":"us","audio_ms":13000,"channels":1,"features":["speech_understanding.translation"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795657736252235, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (18, '0a1cff7bbf289eab05c149ee0b4e0515', 1795657736254230, 6, 'anew', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":73}', '{}', 200, 'unpriced', 'the reply has no usage', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795657736255542, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (19, '8e6c0b7890b126735914394e224070cc', 1795657736257250, 6, 'anew', NULL, NULL, '/sync.assemblyai', 'sync', 'us', 'POST', '/v1/transcribe', 'sync', NULL, '{}', '{}', 200, 'settled', NULL, NULL, 2500, NULL, NULL, 0, 208333, '[{"item":"sync","quantity":"2.5","unit":"second","rate":"0.3/hour","amount_usd":"0.000208333"}]', '{"kind":"sync","model":null,"region":"us","audio_ms":2500,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795657736259573, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (20, '953076868a9e70b9a530ba20723bc3d5', 1795657736261402, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}', '{}', 500, 'failed', NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795657736263447, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (21, 'request-MainProcess-22', 1795657736300510, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795658636300557, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (22, 'request-MainProcess-23', 1795657736301416, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795658636303258, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (23, 'request-MainProcess-24', 1795657736303691, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'nobody-knows', '{}', '{}', 200, 'unpriced', 'no price', NULL, 60000, NULL, NULL, 0, NULL, NULL, '{"kind":"transcript","model":"nobody-knows","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795657736305814, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (24, 'request-MainProcess-25', 1795657736307467, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'nobody-knows', '{}', '{}', NULL, 'unpriced', 'usage was not seen', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795657736307985, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (25, 'request-MainProcess-26', 1795657736309073, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', 500, 'failed', 'upstream failed', NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 1250, 1795657736309554, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (26, 'request-MainProcess-27', 1795657736310574, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'dear-later', '{}', '{}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 42, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000042"}]', '{"kind":"transcript","model":"dear-later","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795657736311364, NULL, 0);
SELECT setval(pg_get_serial_sequence('calls', 'id'), 26, true);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (3, 'b6ed8c819cec6635b25c9662d78c232d', 10, 3, 'search', 210000000, 1795657736211078, 1796262536217106);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (7, 'request-MainProcess-23', NULL, 5, NULL, 3000000, 1795657736301416, 1795657736302432);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (9, 'request-MainProcess-28', NULL, 5, NULL, 9000000, 1795657736314187, 2095657736314202);
SELECT setval(pg_get_serial_sequence('holds', 'id'), 9, true);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (1, 'former', 'sk-Wecf...', 'search', 1792201735940226, NULL, 1795571336083332, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{"feature":"captions"}', NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (2, 'expired', 'sk-0o6G...', NULL, 1792201736050805, 1792288136050805, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (3, 'everything', 'sk-4CfI...', 'search', 1792201736053006, 2569801736053006, NULL, 'us', 'own', 600, 6000, '["/assemblyai","/sync.assemblyai"]', '["universal-2","universal-3-5-pro"]', '["auto_chapters","speaker_labels"]', '["redact_pii"]', 1000000, true,  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 100000000001, 10000000000, 50000000000, 0.0001);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (4, 'rotated', 'sk-0F0P...', 'voice', 1795657736086342, NULL, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (5, 'chatting', 'sk-TfNl...', NULL, 1795657736092091, NULL, NULL, NULL, 'all', 600, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', 5000000000, NULL, 3000000000, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (6, 'anew', 'sk-Y4Bx...', NULL, 1795657736096808, 2095657736098958, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL);
SELECT setval(pg_get_serial_sequence('keys', 'id'), 6, true);
INSERT INTO meta (name, value) VALUES ('created_at', '1792201735960995');
INSERT INTO meta (name, value) VALUES ('database_id', 'e969fabf-807c-4034-a4be-cf2210a57bd3');
INSERT INTO meta (name, value) VALUES ('schema_version', '2');
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '1', '2026-10', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '1', '2026-10-17', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '1', 'total', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '2', '2026-10', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '2', '2026-10-17', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '2', 'total', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '3', '2026-11', 12346509457, 210000000, true);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '3', '2026-11-12', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '3', '2026-11-26', 830555, 210000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '3', 'total', 12346509457, 210000000, true);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '4', '2026-11', 1733333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '4', '2026-11-26', 1733333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '4', 'total', 1733333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '5', '2026-11', 35792, 12000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '5', '2026-11-26', 35792, 12000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '5', 'total', 35792, 12000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '6', '2026-11', 208333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '6', '2026-11-26', 208333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '6', 'total', 208333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', '2026-10', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', '2026-10-17', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', '2026-11', 12346509457, 210000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', '2026-11-12', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', '2026-11-26', 830555, 210000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', 'total', 24692188359, 210000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'voice', '2026-11', 1733333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'voice', '2026-11-26', 1733333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'voice', 'total', 1733333, 0, false);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-10-17', 'feature=captions', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-10-17', 'v=2', 4, 0, 0, 240000, 0, 0, 0, 24691357804);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-12', 'feature=captions', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-12', 'v=2', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-12', 'été=it''s; --', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 'feature=captions', 2, 1, 0, 13000, 0, 0, 0, 830555);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 'été=it''s; --', 2, 1, 0, 13000, 0, 0, 0, 830555);
INSERT INTO teams (name, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, rpm) VALUES ('idle', 0, NULL, NULL, NULL, 7);
INSERT INTO teams (name, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, rpm) VALUES ('search', 1000000000000, NULL, 99500000000, 0.5, NULL);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-10-17', 1, 'former', 'search', 'universal-2', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-10-17', 2, 'expired', '', 'universal-2', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-12', 3, 'everything', 'search', 'universal-2', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
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
INSERT INTO uploads (region, hash, key_id, key_name, team, at) VALUES ('us', '\x55ca8ad9e2df30676f401e5fc8ef2f50e7f1850aace615414d618e02f47daa30'::bytea, 4, 'rotated', 'voice', 1795657736237646);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x29216fb9c72610213dcf3a69da974d03753649f5c5e802afaeca2127aba66535'::bytea, 5, 1795657736092091, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x38258f4c6bbb9ec0534f02f8e3e176df59c12c8adf4c2839d5dbe5c93d3ff515'::bytea, 4, 1795657736086342, 2111017736089222);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x4522840720826dc93717739dd2b7d38a553ce890f8d0f5763b218658b70e90d6'::bytea, 1, 1792201735940226, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x47418600aa40709df349de6bd0295c8a8f83ff053a15ad9d56617ffff044e509'::bytea, 3, 1792201736053006, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x75a8e2c2222ef2c0c9ded0dfc936eab1624ef94ad79f483f362e6a486edada14'::bytea, 2, 1792201736050805, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\xc7f0907d5723072e5caa1925dcec0bee2b16e973997ed18599bd3952b2d97b6a'::bytea, 6, 1795657736096808, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\xfdaf019346b479bdde381e1e6bcc1f46552816ae453ffeb3f6fb07fc3de06236'::bytea, 4, 1795657736089222, NULL);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('eu', '5a4640e6-b50a-4a33-a0db-761a9c4eb933', 14, 'team:voice', 4, 'rotated', 'voice', 1795657736232020, 'completed', 1795657736235216);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '1a45c4f2-9256-45f9-9718-598d85b097c5', 11, 'team:voice', 4, 'rotated', 'voice', 1795657736218072, 'completed', 1795657736224568);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '227b9be8-b3c2-4dfe-a8dc-53d319c4c8fd', 10, 'team:search', 3, 'everything', 'search', 1795657736211078, 'queued', NULL);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '659298a6-d861-4c9b-a7d9-ea74a23ae6db', 13, 'team:voice', 4, 'rotated', 'voice', 1795657736228940, 'queued', NULL);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '73c4604a-5992-4d1d-bf05-56a1d82ae288', 12, 'team:voice', 4, 'rotated', 'voice', 1795657736221292, 'error', 1795657736227616);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '856ab3e3-565e-4a58-bab8-b5669334aaa1', 9, 'team:search', 3, 'everything', 'search', 1795657736194089, 'error', 1795657736208978);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', 'c261d3dc-536a-4b26-b732-b80b3659809d', 8, 'team:search', 3, 'everything', 'search', 1795657736102540, 'completed', 1795657736203313);
