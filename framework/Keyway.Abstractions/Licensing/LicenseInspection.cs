namespace Keyway.Licensing;

/// <summary>
/// What a key system implements beside <see cref="IKeySystem"/> when it can show the contents of a licence without opening it. It needs no device, and
/// nothing that it says is verified: it is for people.
/// </summary>
/// <remarks>Threads: any, several calls at once, also before the start.</remarks>
public interface ILicenseInspector
{
    /// <summary>Describes the licences in a file: a licence alone, or a service's answer with some.</summary>
    /// <param name="data">The file; it is not trusted.</param>
    /// <returns>One description for each licence, in order; <see langword="null"/> when the data holds no licence of this key system.</returns>
    IReadOnlyList<LicenseDescription>? DescribeLicenses(ReadOnlyMemory<byte> data);
}

/// <summary>The contents of a licence.</summary>
public sealed record LicenseDescription
{
    /// <summary>The keys that it is for, where they can be read.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];

    /// <summary>What it says. Never bytes of a key, wrapped or not.</summary>
    public required IReadOnlyList<HeaderFact> Facts { get; init; }

    /// <summary>Why it is refused whatever the device: malformed, or of a form that the key system does not support; <see langword="null"/>: nothing is known against it so far.</summary>
    public LicenseServiceException? Refusal { get; init; }
}
