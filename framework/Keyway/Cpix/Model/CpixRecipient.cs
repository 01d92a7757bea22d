namespace Keyway.Cpix;

/// <summary>A <c>DeliveryData</c>: somebody whom the keys of a document are encrypted for.</summary>
public sealed record CpixRecipient
{
    /// <summary>Where in the document: an XPath with ordinals from 0.</summary>
    public required string Path { get; init; }

    /// <summary>Its identifier (<c>@id</c>).</summary>
    public string? Id { get; init; }

    /// <summary>Its name (<c>@name</c>), for people.</summary>
    public string? Name { get; init; }

    /// <summary>Whom its certificate is for; <see langword="null"/> where there is none that can be read.</summary>
    public string? Subject { get; init; }

    /// <summary>Who issued the certificate.</summary>
    public string? Issuer { get; init; }

    /// <summary>The certificate's serial number, in hexadecimal.</summary>
    public string? SerialNumber { get; init; }

    /// <summary>The SHA-256 of the certificate, in hexadecimal.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Bits of its RSA key; 0 where it has none.</summary>
    public int KeyBits { get; init; }

    /// <summary>How many document keys are encrypted for it: none in a request.</summary>
    public int DocumentKeyCount => DocumentKeys.Count;

    /// <summary>The content keys that those open; empty: all of them, or none.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];

    /// <summary>Why it cannot be a recipient here; <see langword="null"/>: it can.</summary>
    public string? Problem { get; init; }

    internal byte[] Modulus { get; init; } = [];

    internal byte[] Exponent { get; init; } = [];

    internal IReadOnlyList<DocumentKey> DocumentKeys { get; init; } = [];

    internal MacMethod? Mac { get; init; }
}
