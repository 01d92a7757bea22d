using System.Security.Cryptography;
using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>A session and who holds it. Guarded by its group.</summary>
internal sealed class SharedSession(LicenseSessionActor actor)
{
    private readonly HashSet<string> _headers = new(StringComparer.Ordinal);

    public LicenseSessionActor Actor { get; } = actor;

    public HashSet<KeyRingSession> Holders { get; } = [];

    /// <summary>Closes the session if nobody joins before it fires.</summary>
    public ITimer? Grace { get; set; }

    /// <summary>A header's identity where it names no keys.</summary>
    public static string Identify(ProtectionHeader header) => Convert.ToHexStringLower(SHA256.HashData(header.Data.Span));

    public void NoteHeader(ProtectionHeader header) => _headers.Add(Identify(header));

    public bool Knows(ProtectionHeader header) => _headers.Contains(Identify(header));
}

/// <summary>What sessions have in common that may be shared: no viewer rides on another's token.</summary>
internal readonly record struct ShareKey(string Scope, string Provider, string KeySystem, string LicenseUrl)
{
    public static ShareKey Of(KeyRingOptions options) => new(
        options.SharingScope is { } scope ? $"scope {scope}" : $"presentation {options.Presentation}",
        options.Service.Name,
        options.KeySystem.Descriptor.Name,
        options.LicenseUrl?.AbsoluteUri ?? "");
}
