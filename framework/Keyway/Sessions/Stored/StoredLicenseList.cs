namespace Keyway.Sessions;

/// <summary>What a store holds.</summary>
/// <param name="Licenses">The licences, the newest first.</param>
/// <param name="Problems">What else is there and cannot be used. It does no harm to the licences.</param>
public sealed record StoredLicenseList(IReadOnlyList<StoredLicense> Licenses, IReadOnlyList<StoredLicenseProblem> Problems);

/// <summary>Something in a store that is no usable licence.</summary>
/// <param name="Where">Where it is: a file's path.</param>
/// <param name="Reason">What is wrong with it.</param>
public readonly record struct StoredLicenseProblem(string Where, string Reason);
