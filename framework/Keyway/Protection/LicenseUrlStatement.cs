namespace Keyway.Protection;

/// <summary>One place names a licence server. Content is not trusted: whether it is used is decided elsewhere.</summary>
/// <param name="System">The protection system that it is for; <see langword="null"/>: not said.</param>
/// <param name="Url">Its address.</param>
/// <param name="Source">Where it is named.</param>
public sealed record LicenseUrlStatement(SystemId? System, Uri Url, ProtectionSource Source);
