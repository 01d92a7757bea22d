using Keyway.Licensing;

namespace Keyway.Testing;

/// <summary>A refusal that a service documents, and what it means.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="Kind">Why, in words that every provider shares.</param>
/// <param name="Code">The service's own code; <see langword="null"/>: it is not looked at.</param>
public sealed record ProviderRefusal(ProviderAnswer Answer, LicenseErrorKind Kind, string? Code = null);
