
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
	audio_ms BIGINT, 
	audio_channels INTEGER, 
	audio_counted BOOLEAN, 
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
CREATE INDEX transcripts_listed ON transcripts (region, owner, status, call_id);
CREATE INDEX transcripts_region ON transcripts (region, call_id);
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (1, 1792208553896520, 'cli', 'create', 1, 'former', 'search', '{"prefix":"sk-lxay...","team":"search","tags":{"feature":"captions"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (2, 1792208553898876, 'cli', 'create', 2, 'expired', NULL, '{"prefix":"sk-eogo...","expires_at":"2026-10-18T03:42:33.897554Z"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (3, 1792208553900569, 'cli', 'create', 3, 'everything', 'search',  E'{"prefix":"sk-7DzZ...","budget_usd":"100.000000001","budget_daily_usd":"10","budget_monthly_usd":"50","soft_budget_ratio":0.0001,"rpm":600,"team_rpm":6000,"team":"search","expires_at":"2051-06-08T03:42:33.899352Z","region":"us","routes":["/assemblyai","/sync.assemblyai"],"models":["universal-2","universal-3-5-pro"],"features":["auto_chapters","speaker_labels"],"denied_features":["redact_pii"],"max_upload_bytes":1000000,"allow_unpriced":true,"tags":{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (4, 1792208553904826, 'cli', 'set_team', NULL, NULL, 'search', '{"budget_usd":{"old":null,"new":"1000"},"budget_monthly_usd":{"old":null,"new":"99.5"},"soft_budget_ratio":{"old":null,"new":0.5}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (5, 1792208553907268, 'cli', 'set_team', NULL, NULL, 'idle', '{"budget_usd":{"old":null,"new":"0"},"rpm":{"old":null,"new":7}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (6, 1795578153927537, 'cli', 'revoke', 1, 'former', 'search', '{}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (7, 1795664553930650, 'cli', 'create', 4, 'rotated', 'voice', '{"prefix":"sk-6DpE...","team":"voice"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (8, 1795664553933037, 'cli', 'rotate', 4, 'rotated', 'voice', '{"prefix":{"old":"sk-6DpE...","new":"sk-_3wq..."},"old_secret_until":"2036-11-23T03:42:33.931723Z"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (9, 1795664553934651, 'cli', 'create', 5, 'chatting', NULL, '{"prefix":"sk-KdE8...","budget_usd":"5","rpm":600,"scope":"all"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (10, 1795664553936672, 'cli', 'set', 5, 'chatting', NULL, '{"budget_monthly_usd":{"old":null,"new":"3"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (11, 1795664553938141, 'cli', 'create', 6, 'anew', NULL, '{"prefix":"sk-pJYi..."}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (12, 1795664553939528, 'cli', 'set', 6, 'anew', NULL, '{"expires_at":{"old":null,"new":"2036-05-29T09:02:33.938552Z"}}');
SELECT setval(pg_get_serial_sequence('audit', 'id'), 12, true);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (1, 'request-MainProcess-15', 1792217193908299, 1, 'former', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2","feature":"captions"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}', NULL, 1792217193909452, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (2, 'request-MainProcess-16', 1792217193912191, 1, 'former', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2","feature":"captions"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}', NULL, 1792217193912795, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (3, 'request-MainProcess-17', 1792251753914718, 2, 'expired', NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}', NULL, 1792251753915314, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (4, 'request-MainProcess-18', 1792251753916476, 2, 'expired', NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}', NULL, 1792251753917017, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (5, 'request-MainProcess-19', 1794524073918639, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}',  E'{"v":"2","feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}', NULL, 1794524073919254, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (6, 'request-MainProcess-20', 1794524073921036, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}',  E'{"v":"2","feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}', NULL, 1794524073921635, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (7, 'request-MainProcess-21', 1795578153928085, NULL, NULL, NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'odd
''model''', '{}', '{}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 5, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000005"}]',  E'{"kind":"transcript","model":"odd\\n''model''","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}', NULL, 1795578153928697, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (8, '751b1a502086dbf0a59f282f2eced0d4', 1795664553942376, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"features":["speaker_labels"],"audio":"69c98678e598278e30ce76726575fd38"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'settled', NULL, '1a30a852-ca67-483d-9e65-8b25e618679b', 13000, NULL, NULL, 0, 830555, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"},{"item":"speaker_labels","quantity":"13","unit":"second","rate":"0.02/hour","amount_usd":"0.000072222"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":["speaker_labels"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}', NULL, 1795664553977471, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (9, 'ca13f753f2e9289cc6369143ab9c3af7', 1795664553971305, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"c510492299cc7cd70ad44bee6d525fb8"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'failed', NULL, '562591ef-693a-4284-b51e-b6b7f48e96a0', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795664553982069, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (10, 'e18818881e67bb250e03e404cdd60df5', 1795664553983991, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"d4ebf39d6fd757ce6f59127846ee3765"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'pending', NULL, '47b10c39-d7b7-41b7-b6f0-b3161d61dfe5', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795664556987557, 0, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (11, '2b95b65164f21003ad37d37dddcad278', 1795664553988404, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"006b405440497e131f9585fa1aff1858"}', '{}', 200, 'settled', NULL, '130ee21c-5203-4219-ae7a-a2ffff1c8c22', 13000, NULL, NULL, 0, 758333, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}', NULL, 1795664553993738, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (12, '55c5c88c6897f5c5a9322cb6695044ea', 1795664553990836, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"9676b54d90f7727c3d48f067dec676d2"}', '{}', 200, 'failed', NULL, 'fe044ae6-5741-488f-ba4b-9d2670a1ce4d', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795664553996171, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (13, '1381a1aadcd6446e1fe8acb6173ac580', 1795664553997154, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"10cd1716419298d942c8d539feff73fd"}', '{}', 200, 'pending', NULL, 'efa0a28f-1a3a-4af3-ae47-97b162574c57', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795664556998184, 0, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (14, '46c89b576919e8315052c9acf3e184ae', 1795664553998946, 4, 'rotated', 'voice', NULL, '/eu.assemblyai', 'api', 'eu', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"0fff3569eb64f32c61122a045e16b5fa"}', '{}', 200, 'settled', NULL, '970de3b0-6de5-48c4-94ef-f52c4c38762f', 13000, NULL, NULL, 0, 758333, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"eu","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}', NULL, 1795664554001810, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (15, '000948f8b2342e0441e9da7d29b76d44', 1795664554004417, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}', '{}', 200, 'settled', NULL, NULL, NULL, 1, 8, 0, 17875, '[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]', '{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"]}', NULL, 1795664554007812, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (16, '0e1be044c7a8caed1f349d1de055e826', 1795664554009512, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":131}', '{}', 200, 'settled', NULL, NULL, NULL, 1, 8, 0, 17875, '[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]', '{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"]}', NULL, 1795664554012819, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (17, '424c7075f23035efcbf0a8b9a002eee1', 1795664554014425, 4, 'rotated', 'voice', NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/understanding', 'understanding', NULL, '{"features":["speech_understanding.translation"],"transcript_id":"130ee21c-5203-4219-ae7a-a2ffff1c8c22","audio_ms":13000}', '{}', 200, 'settled', NULL, NULL, 13000, NULL, NULL, 0, 216667, '[{"item":"speech_understanding.translation","quantity":"13","unit":"second","rate":"0.06/hour","amount_usd":"0.000216667"}]', '{"kind":"understanding","model":null,"region":"us","audio_ms":13000,"channels":1,"features":["speech_understanding.translation"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}', NULL, 1795664554016702, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (18, '053a9c7109b3b5f1e8905b267b5c12b7', 1795664554018232, 6, 'anew', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":73}', '{}', 200, 'unpriced', 'the reply has no usage', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795664554019639, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (19, '238be21fe2d4689ad3449c19b966d907', 1795664554021177, 6, 'anew', NULL, NULL, '/sync.assemblyai', 'sync', 'global', 'POST', '/v1/transcribe', 'sync', NULL, '{}', '{}', 200, 'settled', NULL, NULL, 2500, NULL, NULL, 0, 208333, '[{"item":"sync","quantity":"2.5","unit":"second","rate":"0.3/hour","amount_usd":"0.000208333"}]', '{"kind":"sync","model":null,"region":"global","audio_ms":2500,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}', NULL, 1795664554023286, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (20, '3f2b78d255dcfe96404e3cb36b615a8e', 1795664554024430, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}', '{}', 500, 'failed', NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795664554027911, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (21, 'request-MainProcess-22', 1795664554049518, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795665454049573, 0, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (22, 'request-MainProcess-23', 1795664554050356, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795665454051704, 0, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (23, 'request-MainProcess-24', 1795664554052098, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'nobody-knows', '{}', '{}', 200, 'unpriced', 'no price', NULL, 60000, NULL, NULL, 0, NULL, NULL, '{"kind":"transcript","model":"nobody-knows","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}', NULL, 1795664554053542, NULL, 0, 7000000, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (24, 'request-MainProcess-25', 1795664554055000, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'nobody-knows', '{}', '{}', NULL, 'unpriced', 'usage was not seen', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795664554055544, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (25, 'request-MainProcess-26', 1795664554056211, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', 500, 'failed', 'upstream failed', NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 1250, 1795664554056708, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (26, 'request-MainProcess-27', 1795664554057333, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'dear-later', '{}', '{}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 42, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000042"}]', '{"kind":"transcript","model":"dear-later","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}', NULL, 1795664554057846, NULL, 0, NULL, false);
SELECT setval(pg_get_serial_sequence('calls', 'id'), 26, true);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (3, 'e18818881e67bb250e03e404cdd60df5', NULL, 3, 'search', 210000000, 1795664553983991, 1795671813984736);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (7, 'request-MainProcess-23', NULL, 5, NULL, 3000000, 1795664554050356, 1795664554051380);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (9, 'request-MainProcess-28', NULL, 5, NULL, 9000000, 1795664554059406, 2095664554059423);
SELECT setval(pg_get_serial_sequence('holds', 'id'), 9, true);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (1, 'former', 'sk-lxay...', 'search', 1792208553846944, NULL, 1795578153926795, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{"feature":"captions"}', NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (2, 'expired', 'sk-eogo...', NULL, 1792208553897554, 1792294953897554, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (3, 'everything', 'sk-7DzZ...', 'search', 1792208553899352, 2569808553899352, NULL, 'us', 'own', 600, 6000, '["/assemblyai","/sync.assemblyai"]', '["universal-2","universal-3-5-pro"]', '["auto_chapters","speaker_labels"]', '["redact_pii"]', 1000000, true,  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 100000000001, 10000000000, 50000000000, 0.0001);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (4, 'rotated', 'sk-_3wq...', 'voice', 1795664553929414, NULL, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (5, 'chatting', 'sk-KdE8...', NULL, 1795664553933515, NULL, NULL, NULL, 'all', 600, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', 5000000000, NULL, 3000000000, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio) VALUES (6, 'anew', 'sk-pJYi...', NULL, 1795664553937091, 2095664553938552, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL);
SELECT setval(pg_get_serial_sequence('keys', 'id'), 6, true);
INSERT INTO meta (name, value) VALUES ('created_at', '1792208553859031');
INSERT INTO meta (name, value) VALUES ('database_id', '32bfaeb4-c5ab-416d-ab18-6d2b540f1dd3');
INSERT INTO meta (name, value) VALUES ('schema_version', '3');
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
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '5', '2026-11', 7035792, 12000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '5', '2026-11-26', 7035792, 12000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '5', 'total', 7035792, 12000000, false);
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
INSERT INTO uploads (region, hash, key_id, key_name, team, at, audio_ms, audio_channels, audio_counted) VALUES ('us', '\xfeb9bf8ca11001b48e39f7790b48e530952cdd2c9cb1c2029248d383158fad87'::bytea, 4, 'rotated', 'voice', 1795664554003739, NULL, NULL, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x200eb776369b4099d713c882876a606fb5bed2667029863e4f3eee51541ee74c'::bytea, 6, 1795664553937091, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x21350e9753fe8125f4f7fbe0efe3f8140893bcc602ebda535a5dabf6e39e1682'::bytea, 2, 1792208553897554, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x5987e413cb587e070162198f38012e4ae32b8959ce2435d5e42b32e661c29ff6'::bytea, 3, 1792208553899352, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x779c1c250cff28aff8b83ae8d3a80f3f6e173de414519cbd878ec7a14479780e'::bytea, 1, 1792208553846944, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x8303d85019e1d3b0e712470adf677b0b8f938285399da223ba353c3ac02f8988'::bytea, 4, 1795664553931723, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\xb5566ffb42c54ed05acf9fce92ac491c3f3843df9e187901185fc5aaf37f077a'::bytea, 4, 1795664553929414, 2111024553931723);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\xbbfeecbd0b405cb11014ecfdbeffbd0a23bc343049d7c0a89cf948c660b4bd45'::bytea, 5, 1795664553933515, NULL);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('eu', '970de3b0-6de5-48c4-94ef-f52c4c38762f', 14, 'team:voice', 4, 'rotated', 'voice', 1795664553998946, 'completed', 1795664554001810);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '130ee21c-5203-4219-ae7a-a2ffff1c8c22', 11, 'team:voice', 4, 'rotated', 'voice', 1795664553988404, 'completed', 1795664553993738);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '1a30a852-ca67-483d-9e65-8b25e618679b', 8, 'team:search', 3, 'everything', 'search', 1795664553942376, 'completed', 1795664553977471);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '47b10c39-d7b7-41b7-b6f0-b3161d61dfe5', 10, 'team:search', 3, 'everything', 'search', 1795664553983991, 'queued', NULL);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '562591ef-693a-4284-b51e-b6b7f48e96a0', 9, 'team:search', 3, 'everything', 'search', 1795664553971305, 'error', 1795664553982069);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', 'efa0a28f-1a3a-4af3-ae47-97b162574c57', 13, 'team:voice', 4, 'rotated', 'voice', 1795664553997154, 'queued', NULL);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', 'fe044ae6-5741-488f-ba4b-9d2670a1ce4d', 12, 'team:voice', 4, 'rotated', 'voice', 1795664553990836, 'error', 1795664553996171);
