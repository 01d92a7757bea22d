using Keyway.Protection;

namespace Keyway;

/// <summary>Content is protected, and no configured key system opens it. The text says why, for each.</summary>
public sealed class NoKeySystemException : KeywayException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="others">The key systems that were not chosen.</param>
    public NoKeySystemException(IReadOnlyList<KeySystemRejection> others)
        : base($"no key system opens this: {(others.Count == 0 ? "none is configured" : string.Join("; ", others.Select(static other => $"{other.Name}: {other.Reason}")))}") =>
        Others = others;

    /// <summary>The key systems that were not chosen, and why.</summary>
    public IReadOnlyList<KeySystemRejection> Others { get; }
}
