"""Secrets in the formats of their issuers, planted in the places where people leave them, among what only looks like one."""

import base64
import json
import random
import string
import uuid

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
URLSAFE = ALNUM + "-_"
UPPER = string.ascii_uppercase + string.digits
BASE32 = string.ascii_uppercase + "234567"


def text(rng, alphabet, length):
    return "".join(rng.choice(alphabet) for _ in range(length))


def jwt(rng):
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")  # noqa: E731
    claims = {"sub": str(rng.randint(1, 10**9)), "iat": rng.randint(10**9, 2 * 10**9), "name": text(rng, ALNUM, 8)}
    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.{text(rng, URLSAFE, 43)}"


def private_key(rng):
    kind = rng.choice(["RSA ", "EC ", "", "OPENSSH ", "ENCRYPTED "])
    body = "\n".join(text(rng, ALNUM + "+/", 64) for _ in range(rng.randint(3, 25)))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


# Formats as the issuers document them; each is a function of a random generator.
FORMATS = {
    "aws": lambda r: r.choice(["AKIA", "ASIA"]) + text(r, BASE32, 16),
    "google": lambda r: "AIza" + text(r, URLSAFE[:-1], 34) + text(r, ALNUM, 1),
    "google-oauth": lambda r: "GOCSPX-" + text(r, ALNUM, 28),
    "github": lambda r: "gh" + r.choice("pousr") + "_" + text(r, ALNUM, 36),
    "github-fine": lambda r: "github_pat_" + text(r, ALNUM, 22) + "_" + text(r, ALNUM, 59),
    "gitlab": lambda r: "glpat-" + text(r, ALNUM, 20),
    "slack": lambda r: f"xoxb-{r.randint(10**10, 10**12)}-{r.randint(10**10, 10**12)}-{text(r, ALNUM, 24)}",
    "slack-hook": lambda r: f"https://hooks.slack.com/services/T{text(r, UPPER, 8)}/B{text(r, UPPER, 10)}/{text(r, ALNUM, 24)}",
    "stripe": lambda r: r.choice(["sk", "rk"]) + "_live_" + text(r, ALNUM, r.choice([24, 99])),
    "openai": lambda r: "sk-proj-" + text(r, ALNUM, 58) + "T3BlbkFJ" + text(r, ALNUM, 58),
    "anthropic": lambda r: "sk-ant-api03-" + text(r, ALNUM, 93) + "AA",
    "huggingface": lambda r: "hf_" + text(r, string.ascii_letters, 34),
    "npm": lambda r: "npm_" + text(r, ALNUM, 36),
    "pypi": lambda r: "pypi-AgEIcHlwaS5vcmc" + text(r, ALNUM, 160),
    "sendgrid": lambda r: "SG." + text(r, ALNUM, 22) + "." + text(r, ALNUM, 43),
    "twilio": lambda r: "SK" + text(r, HEX, 32),
    "mailgun": lambda r: "key-" + text(r, HEX, 32),
    "digitalocean": lambda r: "dop_v1_" + text(r, HEX, 64),
    "databricks": lambda r: "dapi" + text(r, HEX, 32),
    "shopify": lambda r: "shpat_" + text(r, HEX, 32),
    "grafana": lambda r: "glsa_" + text(r, ALNUM, 32) + "_" + text(r, HEX, 8),
    "newrelic": lambda r: "NRAK-" + text(r, UPPER, 27),
    "postman": lambda r: "PMAK-" + text(r, HEX, 24) + "-" + text(r, HEX, 34),
    "telegram": lambda r: f"{r.randint(10**8, 10**10 - 1)}:AA" + text(r, ALNUM, 33),
    "docker": lambda r: "dckr_pat_" + text(r, ALNUM, 27),
    "vault": lambda r: "hvs." + text(r, ALNUM, 95),
    "azure-storage": lambda r: "AccountKey=" + text(r, ALNUM + "+/", 86) + "==",
    "atlassian": lambda r: "ATATT3" + text(r, ALNUM, 186),
    "linear": lambda r: "lin_api_" + text(r, ALNUM, 40),
    "age": lambda r: "AGE-SECRET-KEY-1" + text(r, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
    "jwt": jwt,
    "private-key": private_key,
}  # fmt: skip
# Without a format of their own: known by the name they are assigned to.
GENERIC = {
    "aws-secret": lambda r: text(r, ALNUM + "+/", 40),
    "hex-key": lambda r: text(r, HEX, r.choice([32, 40, 64])),
    "mixed-key": lambda r: text(r, ALNUM, r.choice([20, 24, 32, 48])),
    "uuid-key": lambda r: str(uuid.UUID(int=r.getrandbits(128), version=4)),
}
PASSWORD_WORDS = "sunset river Tiger maple Falcon coffee Quartz orange Winter lemon".split()

PLACES = [
    'API_KEY="{s}"', "export SERVICE_TOKEN={s}", 'const client = new Client("{s}");', "my key is {s}, is it still valid?", "  token: {s}",
    '{{"auth": "{s}", "retries": 3}}', "curl -H 'X-Key: {s}' https://api.service.io/v1/items", "# old one: {s}", "I pasted {s} by mistake.", "{s}",
    "<add key=\"Key\" value=\"{s}\" />", "connect(host, '{s}')",
]  # fmt: skip
NAMED = [
    'api_key = "{s}"', "SECRET_KEY={s}", '"client_secret": "{s}"', "aws_secret_access_key = {s}", "auth_token: '{s}'", 'private const apiKey = "{s}";',
    "Authorization: Bearer {s}", "access-key: {s}", 'os.environ["API_TOKEN"] = "{s}"', "my api key is {s}",
]  # fmt: skip
PASSWORDS = ['password = "{s}"', "DB_PASSWORD={s}", '"passwd": "{s}"', "the password is {s}", "pwd: {s}"]
URLS = ["postgres://app:{s}@db.internal:5432/main", "redis://:{s}@cache:6379/0", "https://deploy:{s}@git.service.io/team/app.git"]


def password(rng):
    word = rng.choice(PASSWORD_WORDS) + rng.choice(["", "!", "-", "_", "#"]) + rng.choice(PASSWORD_WORDS)
    return word + str(rng.randint(10, 9999)) + rng.choice(["", "!", "$", "?x"])


# What is no secret, each with what a careless rule would take it for.
DECOYS = [
    lambda r: 'api_key = os.environ["SERVICE_API_KEY"]',
    lambda r: "api_key: YOUR_API_KEY_HERE",
    lambda r: "export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
    lambda r: 'token = get_token(user_id, scope="read")',
    lambda r: "password = input('Password: ')",
    lambda r: f"commit {text(r, HEX, 40)}",
    lambda r: f"sha256:{text(r, HEX, 64)}  archive.tar.gz",
    lambda r: f'"integrity": "sha512-{text(r, ALNUM + "+/", 86)}=="',
    lambda r: f"request id {uuid.UUID(int=r.getrandbits(128), version=4)} took {r.randint(1, 999)} ms",
    lambda r: f"md5 {text(r, HEX, 32)}",
    lambda r: "secret: ${{ secrets.DEPLOY_TOKEN }}",
    lambda r: "password: <your password>",
    lambda r: "STRIPE_KEY=sk_test_xxxxxxxxxxxxxxxxxxxxxxxx",
    lambda r: "the token bucket refills with 100 tokens per second",
    lambda r: "set max_tokens: 4096 and token_limit = 128000",
    lambda r: "class TokenAuthenticationMiddlewareFactory(BaseMiddleware):",
    lambda r: "self.secret_name = 'prod-payment-service-credentials'",
    lambda r: f"data:image/png;base64,{text(r, ALNUM + '+/', 120)}",
    lambda r: f"order {text(r, UPPER, 10)} ships to {r.choice(PASSWORD_WORDS)} street {r.randint(1, 99)}",
    lambda r: "https://example.com/reset?token=<token>&lang=en",
    lambda r: "Password must have at least 8 characters, one digit and one sign.",
    lambda r: "def test_secret_is_hidden(monkeypatch):",
    lambda r: "key-value stores: redis, memcached, etcd",
    lambda r: "ssh-rsa " + "AAAAB3NzaC1yc2EAAAADAQABAAABAQ" + text(r, ALNUM + "+/", 120) + " user@host",
    lambda r: "-----BEGIN PUBLIC KEY-----\n" + text(r, ALNUM + "+/", 64) + "\n-----END PUBLIC KEY-----",
    lambda r: "-----BEGIN CERTIFICATE-----\n" + text(r, ALNUM + "+/", 64) + "\n-----END CERTIFICATE-----",
    lambda r: "postgres://user:password@localhost/db",
    lambda r: "mongodb://user:${DB_PASS}@host/db",
    lambda r: "access_token = response.json()['access_token']",
    lambda r: 'private_key_path: "/etc/ssl/private/server.key"',
    lambda r: f"build {r.randint(1, 9)}.{r.randint(0, 99)}.{r.randint(0, 9999)}+{text(r, HEX, 7)} is out",
    lambda r: "api_key_header_name = 'X-Api-Key'",
    lambda r: f"ISBN 978-3-{r.randint(10, 99)}-{r.randint(100000, 999999)}-{r.randint(0, 9)}",
    lambda r: "auth: OAuth2PasswordBearer(tokenUrl='token')",
    lambda r: "The secret of a good soup is patience, says my grandmother.",
    lambda r: "passwords are hashed with argon2id and never logged",
]  # fmt: skip


def generate(count, seed=5):
    """`count` texts, half with one secret: (text, (start, end) in UTF-8 bytes or None, kind)."""
    rng = random.Random(seed)
    formats, generic = sorted(FORMATS.items()), sorted(GENERIC.items())
    for index in range(count):
        if index % 2:
            yield rng.choice(DECOYS)(rng), None, "decoy"
            continue
        draw = rng.random()
        if draw < 0.7:
            kind, make = formats[index // 2 % len(formats)]
            place, secret = rng.choice(PLACES), make(rng)
            if kind == "private-key":
                place = rng.choice(["{s}", 'KEY="{s}"', "here it is:\n{s}\nthanks"])
        elif draw < 0.85:
            kind, make = rng.choice(generic)
            place, secret = rng.choice(NAMED), make(rng)
        elif draw < 0.95:
            kind, place, secret = "password", rng.choice(PASSWORDS), password(rng)
        else:
            kind, place, secret = "url", rng.choice(URLS), password(rng).replace("#", "").replace("?", "")
        before, after = place.replace("{{", "{").replace("}}", "}").split("{s}")
        start = len(before.encode())
        yield before + secret + after, (start, start + len(secret.encode())), kind


def measure(texts, hits):
    """Recall and precision: a secret is found when hits cover nine tenths of it, a hit is right when it touches one."""
    found = planted = right = total = 0
    wrong, missed = [], []
    for (content, span, kind), spans in zip(texts, hits, strict=True):
        total += len(spans)
        if span is None:
            wrong += [(content, s) for s in spans]
            continue
        planted += 1
        covered = sum(max(0, min(e, span[1]) - max(s, span[0])) for s, e in merged(spans))
        if covered >= 0.9 * (span[1] - span[0]):
            found += 1
        else:
            missed.append((kind, content))
        touching = [s for s in spans if s[0] < span[1] and s[1] > span[0]]
        right += len(touching)
        wrong += [(content, s) for s in spans if s not in touching]
    return {"recall": found / planted, "precision": right / max(1, total), "planted": planted, "hits": total, "missed": missed, "wrong": wrong}


def merged(spans):
    result = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result
