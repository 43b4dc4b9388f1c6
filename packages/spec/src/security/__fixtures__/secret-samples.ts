/**
 * Credentials that nobody has. They are put together from pieces when the tests run, so that no file holds a text that
 * looks like a key.
 */
export interface SecretSample {
  label: string
  /** The name it usually comes under. */
  name: string
  value: string
  /** Whether its form gives it away, whatever it is called. */
  isKnownForm: boolean
}

const filler = ['4f9Q', 'x7Lm', '2Rt8', 'Vb3N', 'k6Wz'].join('')
const small = ['a8f3', 'c19d', '77be', '20a4'].join('')
const capitals = ['7Q4Z', 'R2MX', '9KTB', 'W5NC'].join('')

const known = (label: string, ...pieces: string[]): SecretSample => ({
  label,
  name: 'note',
  value: pieces.join(''),
  isKnownForm: true,
})

const named = (name: string, ...pieces: string[]): SecretSample => ({
  label: name,
  name,
  value: pieces.join(''),
  isKnownForm: false,
})

const jwtPart = (text: string): string => btoa(text).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_')

const pem = (kind: string): string =>
  [`-----BEGIN ${kind}`, '-----\n', filler, filler, '\n', filler, '==\n', `-----END ${kind}`, '-----'].join('')

export const secretSamples: readonly SecretSample[] = [
  known('model key', 'sk', '-', filler),
  known('model project key', 'sk', '-proj-', filler, '_', small),
  known('model key of letters', 'sk', '-', 'abcdefgh'),
  known('shortest model key', 'sk', '-', 'zQ9'),
  known('anthropic key', 'sk', '-ant-', 'api03-', filler),
  known('live secret key', 'sk', '_live_', filler),
  known('publishable key', 'pk', '_test_', filler),
  known('restricted key', 'rk', '_live_', filler),
  known('own key', 'prl', '_', filler),
  known('kairos key', 'kr', '-', small),
  known('key with a dash', 'key', '-', small),
  known('groq key', 'gsk', '_', filler),
  known('github token', 'gh', 'p_', filler, filler),
  known('github oauth token', 'gh', 'o_', filler, filler),
  known('github server token', 'gh', 's_', filler, filler),
  known('github fine-grained token', 'github', '_pat_', filler, '_', filler),
  known('slack bot token', 'xox', 'b-', '1234-5678-', filler),
  known('slack user token', 'xox', 'p-', '1234-5678-', filler),
  known('amazon key id', 'AK', 'IA', capitals),
  known('amazon session key id', 'AS', 'IA', capitals),
  known('google key', 'AI', 'za', filler, filler),
  known('web token', jwtPart('{"alg":"HS256","typ":"JWT"}'), '.', jwtPart('{"sub":"1234567890"}'), '.', filler, filler),
  known('web token without signature', jwtPart('{"alg":"none"}'), '.', jwtPart('{"sub":"12345"}'), '.'),
  known('private key block', pem(['RSA', 'PRIVATE', 'KEY'].join(' '))),
  known('elliptic key block', pem(['EC', 'PRIVATE', 'KEY'].join(' '))),
  named('password', 'correct', 'horse', 'battery'),
  named('db_password', 'hunter', '2hunter'),
  named('userPassphrase', small, 'zz'),
  named('passwd', 'lower', 'caseonly'),
  named('api_key', small, small),
  named('apiKey', filler),
  named('X-Api-Key', small),
  named('client_secret', filler, '~', small),
  named('access_token', small, '.', small),
  named('refreshToken', filler),
  named('aws_secret_access_key', filler, '/', filler),
  named('private_key', filler),
  named('session-key', small),
  named('Authorization', 'Digest', small),
  named('proxy-authorization', 'Opaque', small),
  named('cookie', 'sid=', small),
  named('Set-Cookie', 'sid=', filler),
  named('credentials', filler),
  named('pin', '90', '417', '3'),
  named('cvv', '90', '417', '4'),
  named('bearer', filler),
]

/** Texts and keys that are nobody's secret and must stay as they are. */
export const harmlessTexts: readonly string[] = [
  'The author of the authority report spent 300 tokens.',
  'max_tokens=400&prompt_tokens=12, completion_tokens: 7; token_count=3 token_usage: 9',
  'Order ORDER-2024-000123 for customer 4711 was shipped on 2026-01-31.',
  'Please ask-me about risk-free task-lists and disk-space.',
  'The basic plan is fine, Basic Authentication is not.',
  'A bearer token is required; the bearer of this note may enter.',
  'key-value pairs, keyboard-driven, monkey-12345678',
  'https://example.com/a/b?page=2&sort=name#top',
  'https://example.com/@author/posts and http://localhost:8080/@user/x',
  'user@example.com wrote at 10:30: see you',
  'run:step_key:1:0, path@visit#item, task_01HZX3V7Q4ZR2MX9KTBW5NC000',
  '{ "author": "Ada", "tokens": 12, "pinned": true }',
  'eyJ is how many tokens begin',
  'const next = tokens => tokens.length; Std::token::Kind',
  'TokenError: input ended, AuthException: closed',
  'The field token: expected str, got int; password: is required; auth: failed',
  'Preise: 12 €, größer als 3 — ändern?',
  '',
]
