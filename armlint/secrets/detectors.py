"""The formats of secrets that can be told by their shape, one row each.

A row is data: words that must stand in the text before its pattern is tried at all, the pattern, the issuer's
checksum. What one row cannot say in a pattern, such as that parameters may come in any order, it says in a
reader. Every pattern is linear: repetitions are possessive or have a fixed length, and none can start again
in the middle of what it has just refused.

The examples are recipes (see `armlint.secrets.examples`): the texts are made when they are needed, so that no
secret, real or made up, stands in this file. `«…»` is around what must be found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.secrets import checksums
from armlint.secrets.hit import Hit
from armlint.secrets.pattern import compiled

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator
    from datetime import date

    Reader = Callable[["Detector", re.Match[str]], Iterator[Hit]]


class Detector(NamedTuple):
    """One format of secrets."""

    id: str
    title: str
    """What it is, with its article."""
    keywords: tuple[str, ...]
    """In lower case; one of them stands in each text with such a secret."""
    pattern: str
    """Its group `secret` is the secret; without one, the whole match is."""
    certain: bool = True
    """Whether the shape leaves no doubt, where there is no checksum to ask."""
    checksum: Callable[[str], bool] | None = None
    word: int = 0
    """How long a word of letters, digits and `+/_-` each such secret has at least: 24, 43, or any."""
    needs_checksum: bool = False
    """Whether a wrong checksum means that this is something else."""
    reader: Reader | None = None
    """What reads the match where the pattern alone does not decide."""
    true: tuple[str, ...] = ()
    """Recipes of texts with the secret."""
    false: tuple[str, ...] = ()
    """Recipes of texts without."""

    def search(self, text: str) -> Iterator[Hit]:
        """All secrets of this format in the text."""
        read = self.reader or _plain
        for match in compiled(self.pattern).finditer(text):
            yield from read(self, match)

    def hit(
        self, start: int, end: int, *, certain: bool, title: str = "", expires: date | None = None
    ) -> Hit:
        """A hit of this detector."""
        return Hit(self.id, start, end, title or self.title, certain, None, expires)


# ------------------------------------------------------------------------------------------------- readers


def _plain(row: Detector, match: re.Match[str]) -> Iterator[Hit]:
    from armlint.secrets.known import is_well_known
    from armlint.secrets.values import made_up

    group = "secret" if "secret" in match.re.groupindex else 0
    secret = match[group]
    valid = row.checksum is not None and row.checksum(secret)
    if is_well_known(secret) or (not valid and (row.needs_checksum or made_up(secret))):
        return
    yield row.hit(*match.span(group), certain=valid if row.checksum else row.certain)


def _common_annotated(row: Detector, match: re.Match[str]) -> Iterator[Hit]:
    title = _PROVIDERS.get(match[0][76:80], row.title)
    for hit in _plain(row, match):
        yield hit._replace(title=title)


_PROVIDERS: Final = {
    "AZDO": "an Azure DevOps personal access token",
    "ACOG": "a key of Azure AI services",
    "AZEG": "an Azure Event Grid key",
    "AZMP": "an Azure Maps key",
    "AZCS": "an Azure Communication Services key",
    "AZAC": "an Azure App Configuration key",
}

# The parameters of a shared access signature that stand beside `sig`; one is enough, in any order.
_SAS_PARAMETERS: Final = frozenset({"sv", "se", "sp", "sr", "ss", "srt", "si", "skn"})
_PARAMETER: Final = r"(?<![A-Za-z0-9])(?P<name>[A-Za-z-]{2,8}+)=(?P<value>[^&?=^\\`]*+(?:=(?![A-Za-z]))*+)"
_SIGNATURE: Final = r"(?:[A-Za-z0-9+/_-]|%2[BbFf]){43}(?:=|%3[Dd])?(?![A-Za-z0-9+/%=_-])"
_QUERY: Final = r"(?:[A-Za-z0-9%&=._~:/+*?!$()@^\\`\ufffc-]++|;(?<=&amp;))++"


def _signature(row: Detector, match: re.Match[str]) -> Iterator[Hit]:
    """The signature in a query string: of storage, Service Bus or a workflow."""
    if "sig=" not in match[0].lower():
        return
    found: dict[str, str] = {}
    signatures = []
    for parameter in compiled(_PARAMETER).finditer(match[0]):
        name = parameter["name"].lower()
        signature = compiled(_SIGNATURE).match(parameter["value"]) if name == "sig" else None
        if signature is None:
            found.setdefault(name, parameter["value"])
        elif not _is_made_up_signature(signature[0]):
            start = match.start() + parameter.start("value")
            signatures.append((start, start + signature.end()))
    if found.keys() & _SAS_PARAMETERS:
        title = _sas_title(match[0], found) or row.title
        expires = _day(found.get("se", ""))
        for start, end in signatures:
            yield row.hit(start, end, certain=True, title=title, expires=expires)


def _is_made_up_signature(signature: str) -> bool:
    from armlint.secrets.values import made_up

    return made_up(signature)


def _sas_title(query: str, found: dict[str, str]) -> str:
    if found.get("sv") == "1.0" or "logic.azure.com" in query or "/triggers/" in query:
        return "the signature of a workflow's URL"
    return "a Service Bus shared access signature" if "skn" in found else ""


_DATE: Final = r"(\d{4})-(\d{2})-(\d{2})"
_EPOCH_DIGITS: Final = frozenset({10, 11})
_EPOCH: Final = 719_163  # the ordinal of 1 January 1970
_DAY: Final = 86_400


def _day(value: str) -> date | None:
    """The day that `se=` names, as a date or as seconds since 1970."""
    from datetime import date

    try:
        if found := compiled(_DATE).match(value):
            return date(*map(int, found.groups()))
        if value.isdecimal() and len(value) in _EPOCH_DIGITS:
            return date.fromordinal(_EPOCH + int(value) // _DAY)
    except (ValueError, OverflowError):
        pass
    return None


_CODE: Final = r"(?:[A-Za-z0-9+/_-]|%2[BbFf]){20,200}+(?:=|%3[Dd]){0,2}"


def _function_code(row: Detector, match: re.Match[str]) -> Iterator[Hit]:
    from armlint.secrets.values import made_up

    if "code=" not in match[0] or ".azurewebsites." not in match[0].lower():
        return
    for parameter in compiled(_PARAMETER).finditer(match[0]):
        code = compiled(_CODE).fullmatch(parameter["value"]) if parameter["name"].lower() == "code" else None
        if code is not None and not made_up(code[0]):
            start = match.start() + parameter.start("value")
            yield row.hit(start, start + code.end(), certain=True)


# Around a password in a connection string stands at least one of these; blanks are left out.
_CONNECTION: Final = (
    *("server=", "datasource=", "host=", "hostname=", "userid=", "uid=", "user=", "username=", "jdbc:"),
    *("initialcatalog=", "database=", "dbname=", "driver=", "ssl=", "address=", "accountname=", "endpoint="),
)
_AROUND: Final = 400
_FILL_IN: Final = r"[\w.: -]*"


def _around(match: re.Match[str], group: str | int) -> str:
    start, end = match.span(group)
    return match.string[max(0, start - _AROUND) : end + _AROUND].lower().replace(" ", "")


def _connection_password(row: Detector, match: re.Match[str]) -> Iterator[Hit]:
    from armlint.secrets.values import is_literal

    group = next(name for name in ("braced", "double", "quoted", "secret") if match[name] is not None)
    value = match[group]
    around = _around(match, group)
    if not any(word in around for word in _CONNECTION):
        return
    if group == "braced" and ("driver=" not in around or compiled(_FILL_IN).fullmatch(value)):
        # {…} is the quoting of ODBC, and everywhere else a place to be filled in.
        return
    if is_literal(value):
        yield row.hit(*match.span(group), certain=True)


def _connection_key(row: Detector, match: re.Match[str]) -> Iterator[Hit]:
    name = match["name"].lower()
    if name in {"accesskey", "secret"} and "endpoint=" not in _around(match, "secret"):
        return
    yield from _plain(row, match)


_NAME: Final = 24


def _named_key(row: Detector, match: re.Match[str]) -> Iterator[Hit]:
    from armlint.secrets.known import is_well_known
    from armlint.secrets.values import made_up

    group = "short" if match["secret"] is None else "secret"
    name = match.string[max(0, match.start() - _NAME) : match.start(group)].lower()
    if not ("public" in name or "hash" in name or made_up(match[group]) or is_well_known(match[group])):
        yield row.hit(*match.span(group), certain=row.certain)


_STAND_INS: Final = frozenset(
    {
        "password",
        "pass",
        "passwd",
        "pwd",
        "secret",
        "token",
        "pat",
        "pw",
        "apikey",
        "key",
        "mypassword",
        "guest",
    }
)


_FILLED_IN: Final = ("$", "{", "<", "[", "(", "%7B", "%3C")


def _url_password(row: Detector, match: re.Match[str]) -> Iterator[Hit]:
    from armlint.secrets.values import is_literal

    user, secret = match["user"], match["secret"]
    stand_in = secret.lower() in _STAND_INS or secret.isdigit()
    if user.startswith(_FILLED_IN) or secret.startswith(_FILLED_IN) or stand_in or not is_literal(secret):
        return
    if not _is_known_in_url(secret):
        yield row.hit(*match.span("secret"), certain=True)


def _is_known_in_url(secret: str) -> bool:
    from armlint.secrets.known import is_well_known

    return is_well_known(
        secret.replace("%3D", "=").replace("%3d", "=").replace("%2F", "/").replace("%2B", "+")
    )


_LEAST_OF_KEY: Final = 30
_HEAD_OF_KEY: Final = 400
_BODY_OF_KEY: Final = r"""[A-Za-z0-9+/=\s\\"',:-]*+"""


def _private_key(row: Detector, match: re.Match[str]) -> Iterator[Hit]:
    from armlint.secrets.values import UNKNOWN

    head = match["body"][:_HEAD_OF_KEY]
    if "ENCRYPTED" in head or UNKNOWN in match["body"]:
        return
    run = max(compiled(r"[A-Za-z0-9+/]++").findall(head), key=len, default="")
    if len(run) >= _LEAST_OF_KEY and len(set(run)) * 4 > _LEAST_OF_KEY:
        end = match.end()
        if end == match.end("body"):
            # Without its last line, the key goes on as long as the characters are a key's.
            rest = compiled(_BODY_OF_KEY).match(match["body"])
            end = match.start("body") + (len(rest[0].rstrip()) if rest else 0)
        yield row.hit(match.start(), end, certain=True)


def _json_web_token(row: Detector, match: re.Match[str]) -> Iterator[Hit]:
    header = checksums.decoded(match[0].partition(".")[0])
    if b'"alg"' in header and b'"none"' not in header:
        yield from _plain(row, match)


_LEAST_BEARER: Final = 16


def _authorization(row: Detector, match: re.Match[str]) -> Iterator[Hit]:
    from armlint.secrets.values import is_literal, made_up

    secret = match["secret"]
    if match["scheme"].lower() == "basic":
        found = b":" in checksums.decoded(secret)
    else:
        found = len(secret) >= _LEAST_BEARER and not secret.isalpha() and not made_up(secret)
    if found and is_literal(secret):
        yield row.hit(*match.span("secret"), certain=True)


_GUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_WEBHOOKS: Final = {
    "slack": "the key of a Slack webhook in its address",
    "flow": "the key of a Slack workflow in its address",
    "teams": "the key of a Teams webhook in its address",
    "discord": "the key of a Discord webhook in its address",
}


def _webhook(row: Detector, match: re.Match[str]) -> Iterator[Hit]:
    """What follows the service's part of the address: who knows it may post."""
    from armlint.secrets.values import made_up

    group = next(name for name in _WEBHOOKS if match[name] is not None)
    if not made_up(match[group].rpartition("/")[2]):
        yield row.hit(*match.span(group), certain=True, title=_WEBHOOKS[group])


# ---------------------------------------------------------------------------------------------------- rows

_B: Final = "[A-Za-z0-9+/]"
_BEFORE: Final = "(?<![A-Za-z0-9+/_-])"
_BEHIND: Final = "(?![A-Za-z0-9+/_=-])"


def _identifiable(id_: str, title: str, signature: str, size: int, *labels: str) -> Detector:
    """A row for a key with a signature of four characters and a checksum behind it, of `size` bytes."""
    escaped = signature.replace("+", r"\+")
    head, tail, zeros = {
        64: (76, f"{_B}{{5}}[AQgw]==", "AAAAAA=="),
        32: (33, f"[A-P]{_B}{{5}}=", "AAAAAA="),
        39: (42, f"[A-D]{_B}{{5}}", "AAAAAA"),
    }[size]
    recipe = f"{{his:{signature},{size},{labels[0] if labels else ''}}}"
    edited = f"{{edited:{signature},{size},{labels[0] if labels else ''}}}"
    return Detector(
        id=id_,
        title=title,
        word=43,
        keywords=(signature.lower(),),
        pattern=f"{_BEFORE}{_B}{{{head}}}{escaped}{tail}{_BEHIND}",
        checksum=checksums.identifiable(*labels) if labels else None,
        true=(f"«{recipe}»", f'key="«{recipe}»";', f"«{edited}»"),
        false=(f"{{b64:20}}{recipe}", f"{{repeat:A,{head}}}{signature}{zeros}", f"{signature}=1"),
    )


_MESSAGING: Final = ("Send0000", "Manage00", "Listen00", "System00", "Unknown0")

DETECTORS: Final[tuple[Detector, ...]] = (
    _identifiable("storage-account-key", "an Azure storage account key", "+ASt", 64, "Default0"),
    _identifiable("cosmos-db-key", "an Azure Cosmos DB key", "ACDb", 64, "MastRW00", "MastRO00"),
    _identifiable("batch-account-key", "an Azure Batch key", "+ABa", 64, "AbAcct00"),
    _identifiable("machine-learning-key", "an Azure Machine Learning key", "+AMC", 64, "Classic0"),
    _identifiable(
        *("api-management-key", "an Azure API Management key", "APIM", 64),
        *("Tenant00", "IoTHub00", "Gatewy00", "GitKey00"),
    ),
    _identifiable("service-bus-key", "an Azure Service Bus key", "+ASb", 32, *_MESSAGING),
    _identifiable("event-hubs-key", "an Azure Event Hubs key", "+AEh", 32, *_MESSAGING),
    _identifiable("relay-key", "an Azure Relay key", "+ARm", 32, *_MESSAGING),
    _identifiable("iot-hub-key", "an Azure IoT Hub key", "AIoT", 32, "IoTHub00", "Device00", "DpsKey00"),
    _identifiable("redis-key", "an Azure Cache for Redis key", "AzCa", 32, "Access00")._replace(
        checksum=checksums.redis
    ),
    _identifiable("event-grid-key", "an Azure Event Grid key", "AZEG", 32),
    _identifiable("container-registry-key", "an Azure Container Registry password", "+ACR", 39, "ACRDflt0"),
    _identifiable("search-key", "an Azure AI Search key", "AzSe", 39, "PAdmin00", "Query000"),
    Detector(
        id="functions-key",
        title="an Azure Functions key",
        word=43,
        keywords=("azfu",),
        pattern=r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw](?:==|%3[Dd]%3[Dd])",
        checksum=checksums.identifiable("Functi00", "System00", "Master00"),
        true=(
            "«{his:AzFu,40,Functi00}»",
            "https://f.azurewebsites.net/api/run?code=«{his:AzFu,40,Master00}»&x=1",
        ),
        false=("{b64url:44}AzFu", "AzFunctions"),
    ),
    Detector(
        id="common-annotated-key",
        title="an Azure key",
        word=43,
        keywords=("jqqj9",),
        pattern=(
            r"(?<![A-Za-z0-9])[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9][A-L][A-Za-z0-9]{16}[A-Za-z][A-Za-z0-9]{7}"
            r"(?:[A-Za-z0-9]{2}==)?(?![A-Za-z0-9])"
        ),
        checksum=checksums.common_annotated,
        reader=_common_annotated,
        true=("«{cask:AZDO}»", "pat=«{cask:ACOG}» ", "«{cask:AZMP}»"),
        false=("{alnum:52}JQQJ", "{alnum:10}{cask:AZDO}"),
    ),
    Detector(
        id="entra-client-secret",
        title="a client secret of Entra ID",
        keywords=("q~",),
        pattern=r"(?<![A-Za-z0-9_~.+/-])[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~+/-])",
        checksum=checksums.entra,
        true=("«{entra:8Q~}»", "-p '«{entra:8Q~}»'", "«{entra:7Q~}»"),
        false=("abc8Q~", "{alnum:9}{entra:8Q~}"),
    ),
    Detector(
        id="azure-devops-token",
        title="an Azure DevOps personal access token",
        word=43,
        keywords=("",),
        pattern=r"(?<![A-Za-z0-9])[a-z2-7]{52}(?![A-Za-z0-9])",
        checksum=checksums.azure_devops,
        needs_checksum=True,
        true=("«{devops:}»", "https://x:«{devops:}»@dev.azure.com/org", 'AZURE_DEVOPS_EXT_PAT="«{devops:}»"'),
        false=("{base32:52}", "{base32:3}{devops:}"),
    ),
    Detector(
        id="databricks-token",
        title="a Databricks token",
        word=24,
        keywords=("dapi",),
        pattern=r"(?<![A-Za-z0-9])dapi[0-9a-f]{32}(?:-\d)?(?![A-Za-z0-9])",
        true=("«dapi{hex:32}»", "«dapi{hex:32}-2»"),
        false=("dapi{repeat:0,32}", "dapi{hex:40}", "rapidapi"),
    ),
    Detector(
        id="github-token",
        title="a GitHub token",
        word=24,
        keywords=("ghp_", "gho_", "ghs_", "ghu_", "ghr_"),
        pattern=r"(?<![A-Za-z0-9_])gh[posur]_[A-Za-z0-9]{36,251}+(?![A-Za-z0-9_])",
        checksum=checksums.github,
        true=("«{crc:ghp_}»", "https://x:«{crc:ghs_}»@github.com/o/r", "«ghp_{alnum:36}»"),
        false=("ghp_{repeat:x,36}", "ghp_{alnum:20}"),
    ),
    Detector(
        id="github-fine-grained-token",
        title="a GitHub token",
        word=43,
        keywords=("github_pat_",),
        pattern=r"(?<![A-Za-z0-9_])github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}(?![A-Za-z0-9_])",
        true=("«github_pat_{alnum:22}_{alnum:59}»",),
        false=("github_pat_{repeat:x,22}_{repeat:x,59}", "github_pat_{alnum:10}"),
    ),
    Detector(
        id="npm-token",
        title="an npm token",
        word=24,
        keywords=("npm_",),
        pattern=r"(?<![A-Za-z0-9_])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9_])",
        checksum=checksums.github,
        true=("«{crc:npm_}»", "_authToken=«{crc:npm_}»"),
        false=("npm_config_registry", "npm_{repeat:x,36}"),
    ),
    Detector(
        id="slack-token",
        title="a Slack token",
        word=24,
        keywords=("xox",),
        pattern=r"(?<![A-Za-z0-9])xox[abeprs]-(?=[A-Za-z-]{0,20}\d)[A-Za-z0-9-]{20,250}+(?![A-Za-z0-9])",
        true=("«xoxb-{digits:12}-{digits:12}-{alnum:24}»",),
        false=("xoxb-your-token-goes-in-this-place", "xoxp-{digits:4}"),
    ),
    Detector(
        id="aws-access-key",
        title="an AWS access key",
        keywords=("akia", "asia"),
        pattern=r"(?<![A-Za-z0-9+/])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9+/])",
        certain=False,
        true=("«AKIA{upper:16}»", "aws_access_key_id = «ASIA{upper:16}»"),
        false=("southeastasia", "AKIA{repeat:X,16}", "AKIA{upper:20}"),
    ),
    Detector(
        id="json-web-token",
        title="a signed token (JWT)",
        word=24,
        keywords=("eyj",),
        pattern=(
            r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}+\.eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{16,}+(?![A-Za-z0-9_\ufffc-])"
        ),
        reader=_json_web_token,
        true=("«{jwt:}»", "token=«{jwt:}» "),
        false=(
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
            "eyJhbGciOi",
            "eyJ{alnum:20}.eyJ{alnum:20}.{alnum:30}",
        ),
    ),
    Detector(
        id="private-key",
        title="a private key",
        word=24,
        keywords=("private key",),
        pattern=(
            r"-----BEGIN (?!ENCRYPTED)(?:[A-Z0-9]{1,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----"
            r"(?P<body>(?:[^-]++|-(?!----))*+)(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----)?"
        ),
        reader=_private_key,
        true=(
            "«{pem:RSA PRIVATE KEY}»",
            "x: |\n«{pem:OPENSSH PRIVATE KEY}»\n",
            "«{pem:PRIVATE KEY}»",
            "«{pem:EC PRIVATE KEY}»",
        ),
        false=(
            "{pem:ENCRYPTED PRIVATE KEY}",
            "{pem:CERTIFICATE}",
            "{pem:PUBLIC KEY}",
            "ssh-rsa AAAAB3NzaC1yc2E{b64:300}",
            "-----BEGIN RSA PRIVATE KEY-----\n<your key>\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\n\ufffc\n-----END PRIVATE KEY-----",
            "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{b64:64}\n-----END PRIVATE KEY-----",
        ),
    ),
    Detector(
        id="pfx",
        title="a PFX file, a certificate with its private key",
        word=43,
        keywords=("ibazcc", "miacaqmwg"),
        pattern=(
            rf"(?<!{_B})(?P<secret>MI(?:[I-L]{_B}{{2}}[AQgw]IBAzCC|ACAQMwg)"
            # In one line, or in lines as encoders wrap them.
            rf"(?:{_B}{{100,}}+|{_B}{{20,80}}+(?:\r?\n{_B}{{1,80}}+)++)={{0,2}})"
        ),
        true=("«{pfx:}»", '"data": "«{pfx:}»"', "«{pfx:}»\n"),
        false=("MIIC{b64:300}", "IBAzCC"),
    ),
    Detector(
        id="sas-token",
        title="a storage SAS token",
        keywords=("sig=",),
        pattern=_QUERY,
        reader=_signature,
        true=(
            "https://a.blob.core.windows.net/c/f.sh?sv=2023-11-03&sr=b&sp=r&se=2030-01-01T00%3A00%3A00Z&sig=«{sas:}»",
            "?sig=«{sas:}»&se=2030-01-01&sp=rl&sv=2019-02-02&ss=b&srt=sco",
            "SharedAccessSignature sr=sb%3A%2F%2Fn.servicebus.net&sig=«{sas:}»&se=1893456000&skn=Root",
            "https://p.logic.azure.com:443/x?api-version=2016-10-01&sp=%2Ftriggers%2Fm&sv=1.0&sig=«{b64url:43}»",
            "sv=2023-11-03&amp;sig=«{sas:}»&amp;sp=r",
            "'?sv=2020-08-04^&sig=«{sas:}»^&sp=r'",
        ),
        false=(
            "?sv=2023-11-03&sig=\ufffc&sp=r",
            "?sv=2023-11-03&sig=<signature>&sp=r",
            "?sv=2023&sig=xxxx",
            "sig={sas:}",
            "https://a.blob.core.windows.net/c/f.sh?sv=2023-11-03&sig={repeat:x,43}%3D",
            "config=1&sig=abc",
        ),
    ),
    Detector(
        id="functions-url-code",
        title="the key of a function in its URL",
        keywords=("code=",),
        pattern=_QUERY,
        reader=_function_code,
        true=(
            "https://f.azurewebsites.net/api/run?code=«{b64:54}==»",
            "https://f.azurewebsites.net/api/run?name=x&code=«{b64:54}%3D%3D»&y=1",
        ),
        false=(
            "https://f.azurewebsites.net/api/run?code=\ufffc",
            "https://example.org/oauth?code={b64:54}",
            "zipcode=1",
        ),
    ),
    Detector(
        id="connection-string",
        title="the key in a connection string",
        keywords=("accountkey", "accesskey", "sharedsecret", ";secret="),
        pattern=(
            r"(?i:(?<![A-Za-z0-9])(?P<name>AccountKey|SharedAccessKey|SharedSecretValue|AccessKey|(?<=;)Secret))"
            r"\s{0,2}=\s{0,2}(?P<secret>[A-Za-z0-9+/]{20,}+={0,2})(?![A-Za-z0-9+/=_\ufffc-])"
        ),
        reader=_connection_key,
        true=(
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=«{b64:86}==»;EndpointSuffix=core.windows.net",
            "Endpoint=sb://n.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=«{b64:43}=»",
            "Endpoint=https://n.azconfig.io;Id=abc:{alnum:8};Secret=«{b64:43}=»",
            "endpoint=https://n.communication.azure.com/;accesskey=«{b64:86}==»",
            "HostName=h.azure-devices.net;DeviceId=d;SharedAccessKey=«{b64:43}=»",
        ),
        false=(
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=\ufffc;EndpointSuffix=core.windows.net",
            "AccountName=a;AccountKey=<key>;",
            "AccountKey={repeat:A,86}==",
            "AccountKey={0};",
            "AccountKey=$(key)",
            "Endpoint=sb://n.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey",
            "InstrumentationKey={guid:};IngestionEndpoint=https://westeurope-1.in.applicationinsights.azure.com/",
            "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true",
        ),
    ),
    Detector(
        id="webhook-address",
        title="the key of a webhook in its address",
        word=43,
        keywords=("hooks.slack.com/", ".office.com/webhook", "/webhooks/"),
        pattern=(
            r"(?i:https://)(?:"
            r"hooks\.slack\.com/(?:services/(?P<slack>T[A-Z0-9]{8,14}+/B[A-Z0-9]{8,14}+/[A-Za-z0-9]{24})"
            r"|workflows/(?P<flow>T[A-Z0-9]{8,14}+/A[A-Z0-9]{8,14}+/[0-9]{16,20}+/[A-Za-z0-9]{24}))"
            rf"|[a-z0-9-]{{1,63}}+\.(?i:(?<=outlook\.)office\.com/webhook/|webhook\.office\.com/webhookb2/)"
            rf"(?P<teams>{_GUID}@{_GUID}/(?i:IncomingWebhook)/[0-9a-f]{{32}}/{_GUID}(?:/[A-Za-z0-9_-]{{20,80}}+)?)"
            r"|(?:canary\.|ptb\.)?discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/"
            r"(?P<discord>[0-9]{17,20}+/[A-Za-z0-9_-]{60,80}+)"
            r")(?![A-Za-z0-9_-])"
        ),
        reader=_webhook,
        true=(
            "https://hooks.slack.com/services/«T{upper:8}/B{upper:10}/{alnum:24}»",
            'curl -d x "https://hooks.slack.com/workflows/«T{upper:8}/A{upper:10}/{digits:18}/{alnum:24}»"',
            "https://contoso.webhook.office.com/webhookb2/«{guid:}@{guid:}/IncomingWebhook/{hex:32}/{guid:}»",
            "https://outlook.office.com/webhook/«{guid:}@{guid:}/IncomingWebhook/{hex:32}/{guid:}»",
            "https://discord.com/api/webhooks/«{digits:18}/{b64url:68}»",
        ),
        false=(
            "https://hooks.slack.com/services/T{upper:8}/B{upper:10}",
            "https://hooks.slack.com/services/T00000000/B00000000/{repeat:X,24}",
            "https://hooks.slack.com/services/\ufffc/{alnum:24}",
            "https://contoso.webhook.office.com/webhookb2/{guid:}",
            "https://discord.com/api/webhooks/{digits:18}",
            "https://example.com/services/T{upper:8}/B{upper:10}/{alnum:24}",
        ),
    ),
    Detector(
        id="connection-string-password",
        title="the password in a connection string",
        keywords=("password=", "pwd=", "password =", "pwd ="),
        pattern=(
            r"""(?i:(?<![A-Za-z0-9_.$-])(?:password|pwd))\s{0,2}=\s{0,2}"""
            r"""(?:\{(?P<braced>[^{}\r\n]{1,200}+)\}"""
            r"""|"(?P<double>[^"\r\n]{1,200}+)"(?=;)|'(?P<quoted>[^'\r\n]{1,200}+)'(?=;)"""
            r"""|(?P<secret>(?i:(?<=[?&]password=)|(?<=[?&]pwd=))[^&\s;"'<>`\\]++|(?i:(?<=,password=))[^,\s;"'<>`\\]++"""
            r"""|[^\s;"'=<>`\\]++(?:[ ][^\s;"'=<>`\\]++)*+(?=;)|[^\s;"'<>`\\]++))"""
        ),
        reader=_connection_password,
        true=(
            "Server=tcp:s.database.windows.net,1433;User ID=u;Password=«{password:12}»;Encrypt=True",
            "Data Source=s;User Id=u;Pwd=«{password:10}»",
            "n.redis.cache.windows.net:6380,password=«{b64:43}=»,ssl=True,abortConnect=False",
            "Driver={ODBC Driver 18};Server=s;Uid=u;Pwd={«a;{password:8}»};Encrypt=yes",
            "Server=s;Uid=u;Password='«a b{password:8}»';Encrypt=yes",
            "jdbc:mysql://h/d?user=u&password=«{password:12}»&useSSL=true",
            "host=h dbname=d user=u password=«{password:12}» sslmode=require",
            "Server=s;User Id=u;Password=«ab {alnum:8} cd»;Encrypt=True",
        ),
        false=(
            "Server=s;User Id=u;Password=\ufffc;",
            "Server=s;User Id=u;Password={your_password};",
            "Server=s;Uid=u;Password={0};",
            "Server=s;Pwd=<pw>;",
            "Server=s;User Id=u;Password=$(SqlPassword);",
            "Server=s;User Id=u;Password=#{SqlPassword}#;",
            "The Password=x shown here is no connection string",
            "Server=s;Pwd=${DB_PASSWORD};",
            "Server=s;Password=;",
        ),
    ),
    Detector(
        id="legacy-azure-key",
        title="an Azure key",
        word=43,
        keywords=("==", "primarykey", "secondarykey", "primary_key", "secondary_key"),
        pattern=(
            r"""(?i:key)\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?(?P<secret>[A-Za-z0-9+/]{86}==)(?![A-Za-z0-9+/=])"""
            r"""|(?i:primary|secondary)_?(?i:key)\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?"""
            r"""(?P<short>[A-Za-z0-9+/]{43}=)(?![A-Za-z0-9+/=])"""
        ),
        certain=False,
        reader=_named_key,
        true=("$storageKey = '«{b64:86}==»'", '{"primaryKey": "«{b64:43}=»", "rights": ["Send"]}'),
        false=(
            '"integrity": "sha512-{b64:86}=="',
            "publicKey = {b64:86}==",
            '"sha512": "{b64:86}=="',
            "key: {b64:12}==",
        ),
    ),
    Detector(
        id="url-password",
        title="a password in a URL",
        keywords=("@",),
        pattern=(
            r"""://(?P<user>[^\s/:@?\#"'<>\\`\ufffc]{0,128}+):(?P<secret>[^\s/@?"'<>\\`\ufffc]{1,512}+)"""
            r"""@(?!sha256:)[A-Za-z0-9_\[{$%\ufffc]"""
        ),
        reader=_url_password,
        true=(
            "https://user:«{password:12}»@example.com/x",
            "git clone https://x:«{alnum:20}»@dev.azure.com/o/_git/r",
            "amqps://u:«{alnum:16}»@h:5671",
            "mongodb://a:«{alnum:40}%3D%3D»@a.mongo.cosmos.azure.com:10255/?ssl=true",
        ),
        false=(
            "https://user:password@host/",
            "https://u:${PASS}@host/",
            "https://u:$PASS@host/",
            "https://$u:<pw>@host",
            "docker://alpine:3.8@sha256:{hex:64}",
            "https://host:8080/path@x",
            "http://u:\ufffc@h/",
            "ftp://a:{0}@h",
        ),
    ),
    Detector(
        id="authorization-header",
        title="the credentials of an authorization header",
        keywords=("authorization",),
        pattern=(
            r"""(?i:authorization\\?["']?\s{0,2}[:=]\s{0,2}\\?["']?(?P<scheme>bearer|basic|token)\s{1,2})"""
            r"""(?P<secret>[A-Za-z0-9+/._~-]{8,}+={0,2})(?!\ufffc)"""
        ),
        reader=_authorization,
        true=(
            "curl -H 'Authorization: Bearer «{alnum:40}»' https://h/",
            "Authorization: Basic «{basic:}»",
            '@{ "Authorization" = "Bearer «{alnum:24}»" }',
        ),
        false=(
            "Authorization: Bearer $TOKEN",
            "Authorization: Bearer <token>",
            "authorization: basic access to the site",
        ),
    ),
)
