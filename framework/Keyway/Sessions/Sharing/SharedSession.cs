using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>A session and who holds it. Guarded by its group.</summary>
internal sealed class SharedSession(LicenseSessionActor actor)
{
    private readonly RecentSet<string> _headers = new(LicenseLimits.RememberedKeys, StringComparer.Ordinal);

    public LicenseSessionActor Actor { get; } = actor;

    public HashSet<KeyRingSession> Holders { get; } = [];

    /// <summary>The keys that each holder has dropped.</summary>
    public Dictionary<KeyRingSession, HashSet<KeyId>> Retired { get; } = [];

    /// <summary>Whether a key was used from it that its user has dropped.</summary>
    public bool HasServed { get; set; }

    /// <summary>Closes the session if nobody joins before it fires.</summary>
    public ITimer? Grace { get; set; }

    /// <summary>A header's identity: its data and the keys that it names. The common system's header has them in its box, and no data at all.</summary>
    public static string Identify(ProtectionHeader header)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(header.Data.Span);
        Span<byte> id = stackalloc byte[KeyId.Size];
        foreach (KeyId key in header.KeyIds)
        {
            key.Write(id);
            hash.AppendData(id);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public void NoteHeader(ProtectionHeader header) => _headers.Add(Identify(header));

    public bool Knows(ProtectionHeader header) => _headers.Contains(Identify(header));
}

/// <summary>What sessions have in common that may be shared: no viewer rides on another's token.</summary>
/// <param name="Scope">The scope.</param>
/// <param name="Provider">The provider.</param>
/// <param name="KeySystem">The key system.</param>
/// <param name="Kind">How long its licences may live.</param>
/// <param name="Tokens">The caller's source of tokens; another source is another viewer.</param>
/// <param name="Credentials">A digest of what else the caller gave for licence requests: URL, headers, custom data, values, the service's certificate.</param>
internal readonly record struct ShareKey(string Scope, string Provider, string KeySystem, SessionKind Kind, TokenSource? Tokens, string Credentials)
{
    // Of this process only: a reader of a dump cannot try out what it may have been made of.
    private static readonly byte[] Salt = RandomNumberGenerator.GetBytes(32);

    public static ShareKey Of(KeyRingOptions options) => new(
        options.SharingScope is { } scope ? $"scope {scope}" : $"presentation {options.Presentation}",
        options.Service.Name,
        options.KeySystem.Descriptor.Name,
        options.Kind,
        options.Tokens,
        Digest(options));

    public override string ToString() => $"{Scope}, {Provider}, {KeySystem}";

    private static string Digest(KeyRingOptions options)
    {
        using IncrementalHash hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Salt);
        Add(hash, options.LicenseUrl?.AbsoluteUri);
        Add(hash, options.RequestHeaders, StringComparer.OrdinalIgnoreCase);
        Add(hash, options.Values, StringComparer.Ordinal);
        Add(hash, options.CustomData);
        Add(hash, options.ServerCertificate.IsEmpty ? null : Convert.ToBase64String(options.ServerCertificate.Span));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, IReadOnlyDictionary<string, string> members, StringComparer names)
    {
        Add(hash, members.Count);
        foreach ((string name, string value) in members.OrderBy(static member => member.Key, names))
        {
            Add(hash, names == StringComparer.OrdinalIgnoreCase ? name.ToLowerInvariant() : name);
            Add(hash, value);
        }
    }

    // Each with its length before it, so that no two lists run together; read where it lies, so that no copy of a secret is left behind.
    private static void Add(IncrementalHash hash, string? text)
    {
        Add(hash, text?.Length ?? -1);
        hash.AppendData(MemoryMarshal.AsBytes(text.AsSpan()));
    }

    private static void Add(IncrementalHash hash, int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
