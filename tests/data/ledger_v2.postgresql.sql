
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
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (1, 1792201526271528, 'cli', 'create', 1, 'former', 'search', '{"prefix":"sk-SePt...","team":"search","tags":{"feature":"captions"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (2, 1792201526279914, 'cli', 'create', 2, 'expired', NULL, '{"prefix":"sk-_oQj...","expires_at":"2026-10-18T01:45:26.272714Z"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (3, 1792201526295088, 'cli', 'create', 3, 'everything', 'search',  E'{"prefix":"sk-VBtq...","budget_usd":"100.000000001","budget_daily_usd":"10","budget_monthly_usd":"50","soft_budget_ratio":0.0001,"rpm":600,"team_rpm":6000,"team":"search","expires_at":"2051-06-08T01:45:26.282069Z","region":"us","routes":["/assemblyai","/sync.assemblyai"],"models":["universal-2","universal-3-5-pro"],"features":["auto_chapters","speaker_labels"],"denied_features":["redact_pii"],"max_upload_bytes":1000000,"allow_unpriced":true,"tags":{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (4, 1792201526308120, 'cli', 'set_team', NULL, NULL, 'search', '{"budget_usd":{"old":null,"new":"1000"},"budget_monthly_usd":{"old":null,"new":"99.5"},"soft_budget_ratio":{"old":null,"new":0.5}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (5, 1792201526318170, 'cli', 'set_team', NULL, NULL, 'idle', '{"budget_usd":{"old":null,"new":"0"},"rpm":{"old":null,"new":7}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (6, 1795571126378013, 'cli', 'revoke', 1, 'former', 'search', '{}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (7, 1795657526387807, 'cli', 'create', 4, 'rotated', 'voice', '{"prefix":"sk-SsTN...","team":"voice"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (8, 1795657526398371, 'cli', 'rotate', 4, 'rotated', 'voice', '{"prefix":{"old":"sk-SsTN...","new":"sk-N1sd..."},"old_secret_until":"2036-11-23T01:45:26.394286Z"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (9, 1795657526402314, 'cli', 'create', 5, 'chatting', NULL, '{"prefix":"sk-kIbX...","budget_usd":"5","rpm":600,"scope":"all"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (10, 1795657526410623, 'cli', 'set', 5, 'chatting', NULL, '{"budget_monthly_usd":{"old":null,"new":"3"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (11, 1795657526414204, 'cli', 'create', 6, 'anew', NULL, '{"prefix":"sk-ZNvz..."}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (12, 1795657526417856, 'cli', 'set', 6, 'anew', NULL, '{"expires_at":{"old":null,"new":"2036-05-29T07:05:26.415281Z"}}');
SELECT setval(pg_get_serial_sequence('audit', 'id'), 12, true);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (1, 'request-MainProcess-15', 1792210166319510, 1, 'former', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2","feature":"captions"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1792210166326073, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (2, 'request-MainProcess-16', 1792210166332810, 1, 'former', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2","feature":"captions"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1792210166333287, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (3, 'request-MainProcess-17', 1792244726337301, 2, 'expired', NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1792244726337728, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (4, 'request-MainProcess-18', 1792244726345976, 2, 'expired', NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1792244726350312, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (5, 'request-MainProcess-19', 1794517046351804, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}',  E'{"v":"2","feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1794517046353562, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (6, 'request-MainProcess-20', 1794517046365852, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}',  E'{"v":"2","feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1794517046366396, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (7, 'request-MainProcess-21', 1795571126380980, NULL, NULL, NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'odd
''model''', '{}', '{}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 5, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000005"}]',  E'{"kind":"transcript","model":"odd\\n''model''","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795571126381423, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (8, '8294cba449479e50a8b606364c4496d0', 1795657526420872, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"features":["speaker_labels"],"audio":"fa3c4b81cc00a9a635cb109b30148768"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'settled', NULL, '803d56f1-81b0-451d-b4a2-8c40b182f8dc', 13000, NULL, NULL, 0, 830555, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"},{"item":"speaker_labels","quantity":"13","unit":"second","rate":"0.02/hour","amount_usd":"0.000072222"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":["speaker_labels"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795657526527748, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (9, 'a6aeedc3e2c2766b5110d1ea64b474a8', 1795657526518492, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"bda393a76280750e4b3fde4920907c4b"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'failed', NULL, '50342efc-b4e1-45a6-9529-0a72825c14ac', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795657526537583, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (10, '00c077ed71167f6b2fb1f99a6da5c668', 1795657526539350, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"79fb74c7ca58ffa844f4dcae6435e90f"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'pending', NULL, '61669999-1fa4-4884-b845-c528ace3de75', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795657529548250, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (11, '11c92069bebe0cdb92bac1f01cee9609', 1795657526550210, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"ba04d5f0f4261940b5175d14b7afd5ce"}', '{}', 200, 'settled', NULL, '08d07f1e-6341-4b0b-94b4-fa64314b7031', 13000, NULL, NULL, 0, 758333, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795657526561009, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (12, '5551419d11f8e2a18b181c0680bad859', 1795657526558576, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"b2c7f77f27036b846893ff8121ff1802"}', '{}', 200, 'failed', NULL, '7acfc18c-b79e-4c9b-ae38-3c86eda7a398', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795657526566824, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (13, '0a46de336322608ed19b9bb83fdcd747', 1795657526567747, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"9d4ea52539587a26d433e8b42b64f3de"}', '{}', 200, 'pending', NULL, '858811a0-d682-4002-b53f-e787b0feafb6', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795657529568865, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (14, 'ea5b2ed712666e056ee2455914c32364', 1795657526569486, 4, 'rotated', 'voice', NULL, '/eu.assemblyai', 'api', 'eu', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"7ab1db1993f63dc55332b03d1d4edbbd"}', '{}', 200, 'settled', NULL, '95f89876-d1d7-433a-a8d8-f2c9da73e8b3', 13000, NULL, NULL, 0, 758333, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"eu","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795657526577144, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (15, '9c4332a1d5355461c4b9be39b598b361', 1795657526584014, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}', '{}', 200, 'settled', NULL, NULL, NULL, 1, 8, 0, 17875, '[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]', '{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":"gpt-5-mini"}', NULL, 1795657526591206, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (16, 'b389b27cb6fd486ac9981d6c2d91aeda', 1795657526592754, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":131}', '{}', 200, 'settled', NULL, NULL, NULL, 1, 8, 0, 17875, '[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]', '{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":"gpt-5-mini"}', NULL, 1795657526595791, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (17, 'fb895f503215291a29f417f240844a0a', 1795657526599606, 4, 'rotated', 'voice', NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/understanding', 'understanding', NULL, '{"features":["speech_understanding.translation"],"transcript_id":"08d07f1e-6341-4b0b-94b4-fa64314b7031","audio_ms":13000}', '{}', 200, 'settled', NULL, NULL, 13000, NULL, NULL, 0, 216667, '[{"item":"speech_understanding.translation","quantity":"13","unit":"second","rate":"0.06/hour","amount_usd":"0.000216667"}]', '{"kind":"understanding","model":null,"region":"us","audio_ms":13000,"channels":1,"features":["speech_understanding.translation"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795657526605276, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (18, 'd2e889c77acd9ba3f17288caeff4d5b7', 1795657526615360, 6, 'anew', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":73}', '{}', 200, 'unpriced', 'the reply has no usage', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795657526616534, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (19, '822bad37f00f448dd0add89be499d4ef', 1795657526617825, 6, 'anew', NULL, NULL, '/sync.assemblyai', 'sync', 'us', 'POST', '/v1/transcribe', 'sync', NULL, '{}', '{}', 200, 'settled', NULL, NULL, 2500, NULL, NULL, 0, 208333, '[{"item":"sync","quantity":"2.5","unit":"second","rate":"0.3/hour","amount_usd":"0.000208333"}]', '{"kind":"sync","model":null,"region":"us","audio_ms":2500,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795657526627376, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (20, 'dfcba58eef0b36e01b25bf30a07f702c', 1795657526628617, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}', '{}', 500, 'failed', NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795657526639266, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (21, 'request-MainProcess-22', 1795657526683031, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795658426683083, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (22, 'request-MainProcess-23', 1795657526683885, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795658426687110, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (23, 'request-MainProcess-24', 1795657526687445, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'nobody-knows', '{}', '{}', 200, 'unpriced', 'no price', NULL, 60000, NULL, NULL, 0, NULL, NULL, '{"kind":"transcript","model":"nobody-knows","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795657526690858, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (24, 'request-MainProcess-25', 1795657526694982, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'nobody-knows', '{}', '{}', NULL, 'unpriced', 'usage was not seen', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795657526695431, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (25, 'request-MainProcess-26', 1795657526696242, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', 500, 'failed', 'upstream failed', NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 1250, 1795657526697030, NULL, 0);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts) VALUES (26, 'request-MainProcess-27', 1795657526698998, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'dear-later', '{}', '{}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 42, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000042"}]', '{"kind":"transcript","model":"dear-later","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}', NULL, 1795657526699366, NULL, 0);
SELECT setval(pg_get_serial_sequence('calls', 'id'), 26, true);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (3, '00c077ed71167f6b2fb1f99a6da5c668', 10, 3, 'search', 210000000, 1795657526539350, 1796262326549677);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (7, 'request-MainProcess-23', NULL, 5, NULL, 3000000, 1795657526683885, 1795657526684902);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (9, 'request-MainProcess-28', NULL, 5, NULL, 9000000, 1795657526703252, 2095657526703266);
SELECT setval(pg_get_serial_sequence('holds', 'id'), 9, true);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (1, 'former', 'sk-SePt...', 'search', 1792201525940259, NULL, 1795571126375438, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{"feature":"captions"}', NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (2, 'expired', 'sk-_oQj...', NULL, 1792201526272714, 1792287926272714, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (3, 'everything', 'sk-VBtq...', 'search', 1792201526282069, 2569801526282069, NULL, 'us', 'own', 600, 6000, '["/assemblyai","/sync.assemblyai"]', '["universal-2","universal-3-5-pro"]', '["auto_chapters","speaker_labels"]', '["redact_pii"]', 1000000, true,  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 100000000001, 10000000000, 50000000000, 0.0001);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (4, 'rotated', 'sk-N1sd...', 'voice', 1795657526386036, NULL, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (5, 'chatting', 'sk-kIbX...', NULL, 1795657526398919, NULL, NULL, NULL, 'all', 600, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', 5000000000, NULL, 3000000000, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (6, 'anew', 'sk-ZNvz...', NULL, 1795657526411018, 2095657526415281, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL);
SELECT setval(pg_get_serial_sequence('keys', 'id'), 6, true);
INSERT INTO meta (name, value) VALUES ('created_at', '1792201525986154');
INSERT INTO meta (name, value) VALUES ('database_id', '6d59d40d-5174-40cf-a7d3-c1f44179a36d');
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
INSERT INTO uploads (region, hash, key_id, key_name, team, at) VALUES ('us', '\x0e2a6cafca5d49610e4efc8d1e4f3107d3fb34d7fcd84e0505f6e6a952c20d2c'::bytea, 4, 'rotated', 'voice', 1795657526583442);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x00a3628c580f6ec73e9b9120bc3f00cbe6f962668deec02ce55cd4367d1c03b8'::bytea, 5, 1795657526398919, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x383486f3a456895f85e4e00a08ff3310799b14364a9e0ba9ed7016cea2e8e9ae'::bytea, 1, 1792201525940259, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x4c593aa35dc0565f5bbc7944a1a725fedc1a6534bac92de10a1d09bb6ee2e518'::bytea, 3, 1792201526282069, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x943a1a5b4774a4397715ad57e5210ac862bf908441f266ad9c07144761d18d9c'::bytea, 2, 1792201526272714, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x9812111942f627558532c24cd9759efb8f2919d125d1136c4c0a8898a08aa987'::bytea, 4, 1795657526386036, 2111017526394286);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x98e2b9857047444ad85d803f9c1e31068c64a9716229a1e3ad60bc4cba81b3ac'::bytea, 4, 1795657526394286, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\xb45b6790354f82bec4e43bb34878e5c79aab8be62258ef0edb1eb1fb75a0351b'::bytea, 6, 1795657526411018, NULL);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('eu', '95f89876-d1d7-433a-a8d8-f2c9da73e8b3', 14, 'team:voice', 4, 'rotated', 'voice', 1795657526569486, 'completed', 1795657526577144);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '08d07f1e-6341-4b0b-94b4-fa64314b7031', 11, 'team:voice', 4, 'rotated', 'voice', 1795657526550210, 'completed', 1795657526561009);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '50342efc-b4e1-45a6-9529-0a72825c14ac', 9, 'team:search', 3, 'everything', 'search', 1795657526518492, 'error', 1795657526537583);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '61669999-1fa4-4884-b845-c528ace3de75', 10, 'team:search', 3, 'everything', 'search', 1795657526539350, 'queued', NULL);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '7acfc18c-b79e-4c9b-ae38-3c86eda7a398', 12, 'team:voice', 4, 'rotated', 'voice', 1795657526558576, 'error', 1795657526566824);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '803d56f1-81b0-451d-b4a2-8c40b182f8dc', 8, 'team:search', 3, 'everything', 'search', 1795657526420872, 'completed', 1795657526527748);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '858811a0-d682-4002-b53f-e787b0feafb6', 13, 'team:voice', 4, 'rotated', 'voice', 1795657526567747, 'queued', NULL);
