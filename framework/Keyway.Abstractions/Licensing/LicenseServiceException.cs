namespace Keyway.Licensing;

/// <summary>Why an exchange failed, in words that every key system and provider shares.</summary>
public enum LicenseErrorKind
{
    /// <summary>Not recognised.</summary>
    Unknown = 0,

    /// <summary>There was no answer: no connection, a reset, a time-out.</summary>
    Network,

    /// <summary>The service asks for fewer requests.</summary>
    Throttled,

    /// <summary>The service failed on its own side.</summary>
    ServerFault,

    /// <summary>The request had no token.</summary>
    TokenMissing,

    /// <summary>The token is not one that the service accepts.</summary>
    TokenInvalid,

    /// <summary>The token's time is over.</summary>
    TokenExpired,

    /// <summary>The token may be used once and was.</summary>
    TokenReused,

    /// <summary>A test token met a production service, or the other way round.</summary>
    WrongEnvironment,

    /// <summary>The customer's credits are used up.</summary>
    CreditsExhausted,

    /// <summary>The customer's account is disabled.</summary>
    AccountDisabled,

    /// <summary>The request is for other content than the token.</summary>
    ContentMismatch,

    /// <summary>The service does not know the key.</summary>
    KeyNotFound,

    /// <summary>The device's credential is revoked.</summary>
    DeviceRevoked,

    /// <summary>The device's credential could not be verified.</summary>
    DeviceUnverified,

    /// <summary>The licence asks for a higher security level than the client's.</summary>
    SecurityLevelTooLow,

    /// <summary>The licence asks for an output protection that the sink does not give.</summary>
    OutputProtection,

    /// <summary>The service does not serve this place.</summary>
    LocationDenied,

    /// <summary>The service could not read the challenge.</summary>
    BadChallenge,

    /// <summary>The policy asked for is not one that the service can give.</summary>
    PolicyInvalid,

    /// <summary>The licence could not be read.</summary>
    LicenseMalformed,

    /// <summary>The licence's signature or integrity check is wrong.</summary>
    LicenseNotAuthentic,

    /// <summary>The licence is bound to another device.</summary>
    LicenseNotForThisDevice,

    /// <summary>The service's certificate does not end in a trusted root.</summary>
    CertificateNotTrusted,

    /// <summary>The device credential is missing, malformed or not to be used.</summary>
    CredentialInvalid,

    /// <summary>The protection header is of a form that the key system does not support.</summary>
    HeaderUnsupported,

    /// <summary>A URL that nobody trusted named was about to receive a token or a device's identity; nothing was sent.</summary>
    UntrustedUrl,

    /// <summary>The licence's time is over, or has not come.</summary>
    LicenseExpired,

    /// <summary>Nobody names a licence URL: neither the caller nor configuration nor content.</summary>
    LicenseUrlMissing,

    /// <summary>What the exchange needs is not configured: the provider, what it says of the key system, a value that its pipeline names. Nothing was sent.</summary>
    NotConfigured,

    /// <summary>The key system, a step or the framework failed itself: a defect, and no answer of a service.</summary>
    InternalFault,
}

/// <summary>An exchange with a licence service has failed. Its text is free of secrets.</summary>
public sealed class LicenseServiceException : KeywayException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="kind">Why.</param>
    /// <param name="message">What happened, free of secrets.</param>
    /// <param name="innerException">What caused it.</param>
    public LicenseServiceException(LicenseErrorKind kind, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Kind = kind;
    }

    /// <summary>Why, in words that every key system and provider shares.</summary>
    public LicenseErrorKind Kind { get; }

    /// <summary>The service's or the protocol's own code.</summary>
    public string? ProviderCode { get; init; }

    /// <summary>Whether the same exchange may be tried again with a fresh challenge.</summary>
    public bool Retryable { get; init; }

    /// <summary>How long the service asks to wait first.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The HTTP status code, if there was an answer.</summary>
    public int? Status { get; init; }

    /// <summary>What a person can do about it.</summary>
    public string? Advice { get; init; }
}
