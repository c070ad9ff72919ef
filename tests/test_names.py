"""Names: which say that their value is a secret, which only sound so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armlint.secrets.names import looks_public, looks_secret, secret_inside, words

SECRET = """
    password Password PASSWORD adminPassword AdminPassword ADMIN_PASSWORD admin-password admin.password
    adminpassword ADMINPASSWORD sqladministratorloginpassword administratorLoginPassword vmAdminPassword
    sqlServerPassword passwordSqlServer password1 password2 passwordOld newPassword oldPassword dbPasswords
    domainJoinUserPassword servicePrincipalPassword wordpressDbPassword adminPasswordOrKey userPasswd passwd
    passphrase passPhrase sslKeyPassphrase adminPass sqlPass mysqlRootPass pwd sqlAdminPwd dbPwd rootpwd
    secret clientSecret clientsecret aksServicePrincipalClientSecret servicePrincipalSecret radiusServerSecret
    secrets secretsObject kubernetesSecret appSecrets secretValue secretString webhookSecret pullSecret
    token accessToken sasToken _artifactsLocationSasToken artifactsLocationSasToken storageSasToken githubToken
    gitHubPersonalAccessToken registrationToken hostPoolToken tokenValue refreshToken apiToken PAT_TOKEN
    apiKey apikey api_key datadogApiKey accessKey storageAccessKey accountKey storageAccountKey acctKey
    cosmosPrimaryKey primaryKey secondaryKey masterKey adminKey sharedKey vpnSharedKey workspaceKey
    workspaceSharedKey subscriptionKey functionKey hostKey queryKey deviceKey signingKey encryptionKey
    decryptionKey validationKey privateKey sshPrivateKey tlsPrivateKeyPem licenseKey activationKey
    redisCacheKey searchAdminKey automationRegistrationKey storageKey storagekey deployKey secretKey
    connectionString storageConnectionString sqlConnectionStrings connString serviceBusConnString
    credential credentials adminCredentials registryCredentials storageSas containerSas sasKey certificatePfx
    passwort sqlPassw0rd customerPassword
    rootPw admin_pw pw domainJoinPswd vpnPsk psk gitPat azureDevOpsPAT
    sasUri scriptSasUri packageSasUrl blob_sas_uris output_blob_sas_url
    openAiKey openAIKey azure_openai_key sbKey serviceBusKey ehKey eventHubKey iotHubKey hmacKey cosmosDbKey
    translatorKey mapsKey speechKey visionKey apimKey sendGridKey signalrKey appInsightsApiKey privateKeyData
""".split()  # noqa: SIM905 - a table
FREE = """
    name location adminUsername user vmSize key keys keyName keyType keySize keyOps partitionKey foreignKey
    keyVaultName keyVaultId keyVaultResourceId keyVaultUri keyVaultCertUri certificateKeyVaultProperties
    secretName secretNames keyVaultSecretName secretId keyVaultSecretId httpsCertificateSecretId secretUri secretUrl
    secretUrlWithVersion secretVersion secretPath secretType secretRef passwordSecretRef secretReference
    secretsPermissions keysPermissions secretPermissions secretExpiryInDays secretExpiryDate kvSecretExpiryInDays
    secretRotation secretRotationInterval secretInterval secretProvider secretProviderClass secretsProviderEnabled
    secretStoreName secretStore secretScope secretIdentifier secretEngine secretOptions secretArn secretNamespace
    keyVaultSecretUsers keyVaultSecretsUser keyVaultSecretsOfficer secretReaders secretsExportConfiguration
    clientSecretSettingName clientSecretExpiration clientSecretCertificateThumbprint imagePullSecrets imagePullSecret
    disablePasswordAuthentication passwordAuthentication enablePasswordAuthentication disablePassword nopassword
    disablepassword passwordPolicy passwordPolicies passwordPolicyUrl passwordLength minPasswordLength
    minimumPasswordLength maxPasswordAge passwordExpiration passwordExpiresInDays passwordComplexity passwordHistory
    passwordRules passwordResetEnabled passwordProfile passwordHint hasPassword isPassword usePassword
    generatePassword allowPasswordReset requirePassword syncPasswords syncOnPremPasswords syncNtlmPasswords
    manageMasterPassword
    tokenName tokenNames tokenType tokenUri tokenUrl tokenEndpoint tokenStore tokenLifetime tokenValidityInHours
    tokenAudience tokenIssuer tokenExpiration tokenRateLimit tokensPerMinute maxTokens openAiMaxTokens
    sasTokenValidityLength sasExpirationPeriod sasExpirationAction sasDefinition sasViyaVersion sasTokenUri
    sasUriName blobSasUriSecretName sasUrlExpiry patch gitPath natPattern path pat pwsh pwConfig pskMode
    accessKeyName accessKeyId accountKeyType apiKeyName apiKeyId apiKeyIdentifier apiKeyEnabled sharedKeyLength
    allowSharedKeyAccess hasSharedKey isStorageSecondaryKeyInUse useStorageAccountAccessKey accessKeysAuthentication
    connectionStringName connectionStringNames connectionStringSecretName connectionStringKeyVaultUri connectionName
    connectionType credentialType credentialsType credentialName credentialId credentialProvider allowCredentials
    credentialsConfig tdeCredentialArn
    customerManagedKey customerManagedEncryptionKey customerManagedKeyIdentifier keyEncryptionKey keyEncryptionKeyURL
    publicKey publicKeys sshPublicKey sshRSAPublicKey adminPublicKey clientPublicKey publicKeyToken sshAuthorizedKeys
    sshKey sshKeyData adminSshKey instrumentationKey appInsightsInstrumentationKey
    adminKeyData admin_key_data appInsightsKey aiKey mapKey hubKey languageKey
    appInsightsConnectionString applicationInsightsConnectionString APPLICATIONINSIGHTS_CONNECTION_STRING
    appinsightsconnectionstring appInsightsConnectionStrings appInsightsConnString
    federatedCredential federatedCredentialSubject federatedIdentityCredentials managedIdentityCredential
    credentialSubject credentialAudiences tokenIssuers
    changePassword changePasswordOnFirstLogin forcePasswordChange forceChangePassword mustChangePassword
    passwordChangeOnLogin passwordExpiredAt accessKeySource secretSource
    bypass networkRuleBypassOptions bypassPlatformSafetyChecks passThrough passthroughMode compass pass passIndex
    passwordless tokenize secretary credentialing keypad monkey turkey hockey whiskey
    x y z a1 _ pathname compassion
""".split()  # noqa: SIM905 - a table


@pytest.mark.parametrize("name", SECRET)
def test_names_of_secrets(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize("name", FREE)
def test_names_that_only_sound_like_secrets(name: str) -> None:
    assert not looks_secret(name)


@pytest.mark.parametrize(
    "name", ["key", "key1", "keys", "cert", "certificate", "sas", "pass", "pin", "sshKey", "password"]
)
def test_what_is_secret_inside_a_secure_object(name: str) -> None:
    assert secret_inside(name)


@pytest.mark.parametrize(
    "name",
    [
        "name",
        "keyName",
        "certificateThumbprint",
        "publicKey",
        "authorizedKeys",
        "username",
        "tags",
        "settings",
        "size",
        "",
    ],
)
def test_what_is_not_even_inside_a_secure_object(name: str) -> None:
    assert not secret_inside(name)


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("sshPublicKey", True),
        ("vmSshPublicKeyData", True),
        ("publicCertificate", True),
        ("sshAuthorizedKeys", True),
        ("publicPassword", False),
        ("sshKey", False),
        ("privateKey", False),
        ("authorizedUsers", False),
    ],
)
def test_names_of_what_everyone_may_know(name: str, public: bool) -> None:
    assert looks_public(name) is public


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sqlAdminPwd2", ("sql", "admin", "pwd", "2")),
        ("VMPassword", ("vm", "password")),
        ("SASToken", ("sas", "token")),
        ("admin_password-NEW", ("admin", "password", "new")),
        ("", ()),
        ("пароль", ("пароль",)),
    ],
)
def test_words(name: str, expected: tuple[str, ...]) -> None:
    assert words(name) == expected


@given(st.text(max_size=40))
def test_no_name_is_too_strange(name: str) -> None:
    assert looks_secret(name) in {True, False}
    assert "".join(words(name)) == "".join(words(name)).lower()


@given(
    st.sampled_from(SECRET),
    st.sampled_from(["Name", "Id", "Uri", "Url", "Version", "Type", "Policy", "Length"]),
)
def test_an_ending_frees_a_name(name: str, ending: str) -> None:
    # Of a shared access signature, the address holds the signature.
    whole = name.lower().endswith("sas") and ending in {"Uri", "Url"}
    assert looks_secret(f"{name}_{ending}") is whole


@given(
    st.sampled_from([name for name in SECRET if not name.startswith("_")]),
    st.sampled_from(["enable", "disable", "use", "is"]),
)
def test_a_switch_is_no_secret(name: str, switch: str) -> None:
    assert not looks_secret(f"{switch}_{name}")
