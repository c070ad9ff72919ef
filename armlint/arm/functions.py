"""The functions of the expression language: what each takes, returns and does with a secret.

How many arguments each takes, where it may be called and what it returns is what the service documents;
which list operations return no secret is judged by their names.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Flow(StrEnum):
    """What the result of a function has to do with secrets."""

    NONE = "none"
    """Nothing: no secret comes in, or none gets out."""
    CARRY = "carry"
    """It holds what the arguments hold."""
    CARRY_BRANCHES = "carry-branches"
    """It holds what the second and the third argument hold; the first only chooses."""
    DERIVE = "derive"
    """A truth value, count or position computed from the arguments; tells next to nothing of them."""
    DIGEST = "digest"
    """A hash. The arguments cannot be found from it, but whoever knows them can compute it."""
    SOURCE = "source"
    """It is a secret, whatever the arguments are."""
    IF_SECURE = "if-secure"
    """It is a secret if the parameter it names is declared as one."""
    BY_DEFINITION = "by-definition"
    """It holds what the definition holds that it names."""
    CONDITIONAL = "conditional"
    """It holds a secret in some places of the result only, which depends on what it names."""


class Place(StrEnum):
    """Where a function may be called."""

    ANYWHERE = "anywhere"
    RUNTIME = "runtime"
    """Once resources exist: in `properties` of a resource, parameters of a nested deployment, outputs.

    Not in outputs of a nested template with outer scope.
    """
    DEFAULT = "default"
    """In the default value of a parameter only: the result differs from run to run."""
    LOOP = "loop"
    """Inside a copy loop."""
    NOT_IN_FUNCTIONS = "not-in-functions"
    """Not in users' functions, nor (though the service has come to accept it) in a parameter's default."""
    PARAMETER_FILE = "parameter-file"
    """In an `expression` of a parameter file."""


RESOURCE_GROUP: Final = "resourceGroup"
SUBSCRIPTION: Final = "subscription"
MANAGEMENT_GROUP: Final = "managementGroup"
TENANT: Final = "tenant"
SCOPES: Final = (RESOURCE_GROUP, SUBSCRIPTION, MANAGEMENT_GROUP, TENANT)
"""What a template can be deployed to."""


class Function(NamedTuple):
    """A function of the expression language.

    `returns` names one or more types with `|` between them: array, bool, int, lambda, null, number,
    object, string; `any` where it depends, `never` where nothing returns. `lambdas` holds, for each
    argument that is a lambda, its index and how few and how many parameters that lambda may have.
    """

    name: str
    min_args: int
    max_args: int | None
    """None: any number."""
    returns: str
    flow: Flow = Flow.NONE
    place: Place = Place.ANYWHERE
    namespace: str = "sys"
    """`sys` (the language) or `az` (Azure). Bicep writes them, templates never do."""
    scopes: tuple[str, ...] = SCOPES
    """The kinds of deployment that know it."""
    even_args: bool = False
    """The arguments come in pairs."""
    lambdas: tuple[tuple[int, int, int], ...] = ()
    language: int = 1
    """The languageVersion it needs."""
    deprecated: bool = False

    @property
    def runtime(self) -> bool:
        """Whether it can only be computed once resources exist."""
        return self.place is Place.RUNTIME

    @property
    def deterministic(self) -> bool:
        """Whether it gives the same result for the same arguments in every run of a deployment."""
        return self.place is not Place.DEFAULT

    def accepts(self, count: int) -> bool:
        """Tell whether it can be called with so many arguments."""
        if count < self.min_args or (self.max_args is not None and count > self.max_args):
            return False
        return not (self.even_args and count % 2)

    @property
    def arity(self) -> str:
        """How many arguments it takes, for people: "2 or 3 arguments"."""
        least, most = self.min_args, self.max_args
        if self.even_args:
            return "an even number of arguments"
        if most is None:
            return (
                f"at least {least} argument{'' if least == 1 else 's'}"
                if least
                else "any number of arguments"
            )
        if most == 0:
            return "no arguments"
        if least == most:
            return f"{most} argument{'' if most == 1 else 's'}"
        return f"{least} {'or' if most == least + 1 else 'to'} {most} argument{'' if most == 1 else 's'}"


_CARRY, _DERIVE = Flow.CARRY, Flow.DERIVE
_RUNTIME = Place.RUNTIME

_ROWS = (
    # strings
    Function("base64", 1, 1, "string", _CARRY),
    Function("base64ToJson", 1, 1, "any", _CARRY),
    Function("base64ToString", 1, 1, "string", _CARRY),
    Function("buildUri", 1, 1, "string", _CARRY),
    Function("concat", 1, None, "string|array", _CARRY),
    Function("dataUri", 1, 1, "string", _CARRY),
    Function("dataUriToString", 1, 1, "string", _CARRY),
    Function("endsWith", 2, 2, "bool", _DERIVE),
    Function("format", 1, None, "string", _CARRY),
    Function("guid", 1, None, "string", Flow.DIGEST),
    Function("join", 2, 2, "string", _CARRY),
    Function("newGuid", 0, 0, "string", place=Place.DEFAULT),
    Function("padLeft", 2, 3, "string", _CARRY),
    Function("parseUri", 1, 1, "object", _CARRY),
    Function("replace", 3, 3, "string", _CARRY),
    Function("split", 2, 2, "array", _CARRY),
    Function("startsWith", 2, 2, "bool", _DERIVE),
    Function("string", 1, 1, "string", _CARRY),
    Function("substring", 1, 3, "string", _CARRY),
    Function("toLower", 1, 1, "string", _CARRY),
    Function("toUpper", 1, 1, "string", _CARRY),
    Function("trim", 1, 1, "string", _CARRY),
    Function("uniqueString", 1, None, "string", Flow.DIGEST),
    Function("uri", 2, 2, "string", _CARRY),
    Function("uriComponent", 1, 1, "string", _CARRY),
    Function("uriComponentToString", 1, 1, "string", _CARRY),
    # arrays
    Function("array", 1, 1, "array", _CARRY),
    Function("contains", 2, 2, "bool", _DERIVE),
    Function("createArray", 0, None, "array", _CARRY),
    Function("empty", 1, 1, "bool", _DERIVE),
    Function("first", 1, 1, "any", _CARRY),
    Function("flatten", 1, 1, "array", _CARRY),
    Function("indexFromEnd", 2, 2, "any", _CARRY),
    Function("indexOf", 2, 2, "int", _DERIVE),
    Function("intersection", 2, None, "array|object", _CARRY),
    Function("last", 1, 1, "any", _CARRY),
    Function("lastIndexOf", 2, 2, "int", _DERIVE),
    Function("length", 1, 1, "int", _DERIVE),
    Function("range", 2, 2, "array"),
    Function("skip", 2, 2, "array|string", _CARRY),
    Function("take", 2, 2, "array|string", _CARRY),
    Function("tryIndexFromEnd", 2, None, "any", _CARRY),
    Function("union", 2, None, "array|object", _CARRY),
    # objects
    Function("createObject", 0, None, "object", _CARRY, even_args=True),
    Function("items", 1, 1, "array", _CARRY),
    Function("json", 1, 1, "any", _CARRY),
    Function("null", 0, 0, "null"),
    # Of an object's keys and nothing of its values.
    Function("objectKeys", 1, 1, "array", _CARRY),
    Function("shallowMerge", 1, 1, "object", _CARRY),
    # A whole chain of accessors may follow the base.
    Function("tryGet", 2, None, "any", _CARRY),
    # lambdas
    Function("filter", 2, 2, "array", _CARRY, lambdas=((1, 1, 2),)),
    Function("groupBy", 2, 3, "object", _CARRY, lambdas=((1, 1, 1), (2, 1, 1))),
    # The names of its parameters as literals, then its body.
    Function("lambda", 2, None, "lambda", _CARRY),
    Function("lambdaVariables", 1, 1, "any", _CARRY),
    Function("map", 2, 2, "array", _CARRY, lambdas=((1, 1, 2),)),
    Function("mapValues", 2, 2, "object", _CARRY, lambdas=((1, 1, 1),)),
    Function("reduce", 3, 3, "any", _CARRY, lambdas=((2, 2, 3),)),
    Function("sort", 2, 2, "array", _CARRY, lambdas=((1, 2, 2),)),
    Function("toObject", 2, 3, "object", _CARRY, lambdas=((1, 1, 1), (2, 1, 1))),
    # numbers
    Function("add", 2, 2, "int", _DERIVE),
    Function("div", 2, 2, "int", _DERIVE),
    Function("float", 1, 1, "number", _DERIVE),
    Function("int", 1, 1, "int", _DERIVE),
    Function("max", 1, None, "int", _DERIVE),
    Function("min", 1, None, "int", _DERIVE),
    Function("mod", 2, 2, "int", _DERIVE),
    Function("mul", 2, 2, "int", _DERIVE),
    Function("sub", 2, 2, "int", _DERIVE),
    # truth and comparison
    Function("and", 2, None, "bool", _DERIVE),
    Function("bool", 1, 1, "bool", _DERIVE),
    Function("coalesce", 1, None, "any", _CARRY),
    Function("equals", 2, 2, "bool", _DERIVE),
    Function("false", 0, 0, "bool"),
    Function("greater", 2, 2, "bool", _DERIVE),
    Function("greaterOrEquals", 2, 2, "bool", _DERIVE),
    Function("if", 3, 3, "any", Flow.CARRY_BRANCHES),
    Function("less", 2, 2, "bool", _DERIVE),
    Function("lessOrEquals", 2, 2, "bool", _DERIVE),
    Function("not", 1, 1, "bool", _DERIVE),
    Function("or", 2, None, "bool", _DERIVE),
    Function("true", 0, 0, "bool"),
    # dates and networks
    Function("cidrHost", 2, 2, "string"),
    Function("cidrSubnet", 3, 3, "string"),
    Function("dateTimeAdd", 2, 3, "string"),
    Function("dateTimeFromEpoch", 1, 1, "string"),
    Function("dateTimeToEpoch", 1, 1, "int"),
    Function("parseCidr", 1, 1, "object"),
    Function("utcNow", 0, 1, "string", place=Place.DEFAULT),
    # the deployment
    Function("copyIndex", 0, 2, "int", place=Place.LOOP),
    Function("deployer", 0, 0, "object", namespace="az"),
    # A link to a template may carry a token, and plain parameters are repeated.
    Function("deployment", 0, 0, "object", Flow.CONDITIONAL),
    Function("environment", 0, 0, "object", namespace="az"),
    Function("extensions", 1, 1, "object", language=2),
    Function("externalInputs", 1, 1, "any", Flow.CONDITIONAL, Place.PARAMETER_FILE),
    # Its message stays in the history of deployments.
    Function("fail", 1, 1, "never", _CARRY),
    Function("parameters", 1, 1, "any", Flow.IF_SECURE),
    Function("variables", 1, 1, "any", Flow.BY_DEFINITION, Place.NOT_IN_FUNCTIONS),
    # scopes
    Function("managementGroup", 0, 0, "object", namespace="az", scopes=(MANAGEMENT_GROUP,)),
    Function("resourceGroup", 0, 0, "object", namespace="az", scopes=(RESOURCE_GROUP,)),
    Function("subscription", 0, 0, "object", namespace="az", scopes=(RESOURCE_GROUP, SUBSCRIPTION)),
    Function("tenant", 0, 0, "object", namespace="az"),
    # resources
    Function("extensionResourceId", 3, None, "string", _CARRY, namespace="az"),
    Function("listOutputsWithSecureValues", 2, 3, "object", Flow.SOURCE, _RUNTIME, "az"),
    Function("managementGroupResourceId", 2, None, "string", _CARRY, namespace="az"),
    Function("pickZones", 3, 5, "array", namespace="az"),
    Function("providers", 1, 2, "object", namespace="az", deprecated=True),
    # What a resource shows of itself: secrets only where its provider is careless.
    Function("reference", 1, 3, "object", Flow.CONDITIONAL, _RUNTIME, "az"),
    Function("references", 1, 2, "array", Flow.CONDITIONAL, _RUNTIME, "az", language=2),
    Function("resourceId", 2, None, "string", _CARRY, namespace="az"),
    Function("resourceInfo", 1, 1, "object", namespace="az", language=2),
    # Recent Bicep writes it; the service does not document it.
    Function("roleDefinitions", 1, 1, "object", namespace="az"),
    Function("subscriptionResourceId", 2, None, "string", _CARRY, namespace="az"),
    Function("tenantResourceId", 2, None, "string", _CARRY, namespace="az"),
    Function("toLogicalZone", 3, 3, "string", place=_RUNTIME, namespace="az"),
    Function("toLogicalZones", 3, 3, "array", place=_RUNTIME, namespace="az"),
    Function("toPhysicalZone", 3, 3, "string", place=_RUNTIME, namespace="az"),
    Function("toPhysicalZones", 3, 3, "array", place=_RUNTIME, namespace="az"),
)

FUNCTIONS: Final[Mapping[str, Function]] = {row.name.lower(): row for row in _ROWS}
"""Every function by its name in lower case, the `list…` operations of resources left out; see `lookup`."""

LIST: Final = Function("list*", 2, 3, "any", Flow.SOURCE, _RUNTIME, "az")
"""What all `list…` operations have in common: each resource type has its own."""

_KEY_LISTS = """
    list listAccountSas listActivationKey listAdminKeys listAuthKeys listBitLockerKeys listCallbackUrl
    listChannelWithKeys listClusterAdminCredential listClusterMonitoringUserCredential
    listClusterUserCredential listConnectionInfo listConnectionKeys listConnectionStrings listContainerSas
    listContentCallbackUrl listContentKeys listCredential listCredentials listKeys listKeyValue
    listLogSasUrl listPackage listQueryKeys listRegistrationTokens listSasTokens listSecrets listServiceSas
    listTestKeys listValue listWorkspaceKeys
"""
_PLAIN_LISTS = """
    listAgreements listApplicable listApplicableSchedules listBuildArguments listConsentLinks
    listDeployments listDetails listEvents listExpressionTraces listFailoverSets listFailoverTargets
    listGatewayStatus listIpConfigurations listKeyVaultKeys listOutputFiles listPaths listPrincipals
    listPublicEncryptionKey listQueueStatus listSourceRepositoryProperties
    listSourceShareSynchronizationSettings listStatus listStreamingLocators listSupportPlanInfo listSwagger
    listSyncFunctionTriggerStatus listSynchronizationDetails listSynchronizations listUsages listVhds
    listWsdlInterfaces
"""
_LIST_NAMES: Final = {name.lower(): name for name in (_KEY_LISTS + _PLAIN_LISTS).split()}

PLAIN_LISTS: Final = frozenset(_PLAIN_LISTS.lower().split())
"""The list operations that return no secret, in lower case; any other, also an unknown one, may."""

POLICY_ONLY: Final = frozenset(
    {"adddays", "claims", "current", "field", "iprangecontains", "policy", "requestcontext"}
)
"""Functions of policy rules, in lower case; in a template such an expression has to be escaped, `[[…]`."""

BICEP_ONLY: Final = frozenset(
    {
        "any",
        "externalinput",
        "getsecret",
        "loaddirectoryfileinfo",
        "loadfileasbase64",
        "loadjsoncontent",
        "loadtextcontent",
        "loadyamlcontent",
        "nameof",
        "readenvironmentvariable",
    }
)
"""Functions of Bicep that its compiler replaces, in lower case; no template can call them."""


def lookup(name: str) -> Function | None:
    """Return the function of that name in any letter case, any `list…` operation included; None if unknown.

    Users' functions (`namespace.name`) are declared in the template and unknown here.
    """
    key = name.lower()
    function = FUNCTIONS.get(key)
    if function is None and key.startswith("list") and "." not in key:
        return _list_operation(name)
    return function


@lru_cache(maxsize=256)
def _list_operation(name: str) -> Function:
    key = name.lower()
    flow = Flow.NONE if key in PLAIN_LISTS else Flow.SOURCE
    return LIST._replace(name=_LIST_NAMES.get(key, name), flow=flow)


# What people write who come from another language; too far away for a comparison of letters.
_OTHER_WORDS = {
    "concatenate": "concat",
    "count": "length",
    "divide": "div",
    "eq": "equals",
    "ge": "greaterOrEquals",
    "greaterthan": "greater",
    "gt": "greater",
    "gte": "greaterOrEquals",
    "isempty": "empty",
    "keys": "objectKeys",
    "le": "lessOrEquals",
    "len": "length",
    "lessthan": "less",
    "lower": "toLower",
    "lowercase": "toLower",
    "lt": "less",
    "lte": "lessOrEquals",
    "merge": "union",
    "modulo": "mod",
    "multiply": "mul",
    "ne": "not",
    "notequals": "not",
    "now": "utcNow",
    "parsejson": "json",
    "size": "length",
    "substr": "substring",
    "subtract": "sub",
    "sum": "add",
    "toint": "int",
    "tojson": "string",
    "tostring": "string",
    "upper": "toUpper",
    "uppercase": "toUpper",
    "uuid": "newGuid",
}
# From so many letters on, one more slip is forgiven; what is longer than any name can have none.
_SLIPS = (0, 6, 10)
_LONGEST = max(map(len, _LIST_NAMES)) + len(_SLIPS)


@lru_cache(maxsize=256)
def suggestion(name: str) -> str | None:
    """Return the function that `name` may have been meant for; None if none is near, or it is one."""
    key = name.lower()
    if lookup(key) is not None:
        return None
    namespace, dot, rest = key.partition(".")
    if dot:
        meant = lookup(rest) if namespace in {"sys", "az"} else None
        return meant and meant.name
    if key in _OTHER_WORDS:
        return _OTHER_WORDS[key]
    if len(key) > _LONGEST:
        return None
    limit = sum(len(key) >= length for length in _SLIPS)
    best = None
    for other in (*FUNCTIONS, *_LIST_NAMES):
        if abs(len(other) - len(key)) > limit:
            continue
        distance = _distance(key, other)
        if distance <= limit:
            best, limit = other, distance - 1
    if best is None:
        return None
    return FUNCTIONS[best].name if best in FUNCTIONS else _LIST_NAMES[best]


def _distance(a: str, b: str) -> int:
    """Count the letters to add, drop, replace or swap with their neighbour to get from one to the other."""
    before: list[int] = []
    previous: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before, previous, row = previous, row, [i]
        for j, other in enumerate(b, 1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
    return row[-1]
