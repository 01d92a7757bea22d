namespace Keyway.Cpix;

/// <summary>A <c>DocumentKey</c>: what content keys are encrypted with, encrypted for one recipient.</summary>
internal sealed record DocumentKey
{
    /// <summary>Where in the document.</summary>
    public required string Path { get; init; }

    /// <summary>What it is for (<c>@Algorithm</c>), where that is said.</summary>
    public string? Algorithm { get; init; }

    /// <summary>The content keys that it opens (<c>@encryptsKey</c>); <see langword="null"/>: those that no other document key of its recipient lists.</summary>
    public IReadOnlyList<KeyId>? KeyIds { get; init; }

    /// <summary>The key; <see langword="null"/> where the place is empty.</summary>
    public EncryptedValue? Value { get; init; }
}
