using System.Collections.Frozen;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Keyway.Licensing;
using Keyway.Licensing.Origins;

namespace Keyway.Sessions;

/// <summary>What one presentation's sessions are opened with.</summary>
public sealed record KeyRingOptions
{
    /// <summary>The presentation.</summary>
    public required PresentationId Presentation { get; init; }

    /// <summary>The key system that was chosen.</summary>
    public required IKeySystem KeySystem { get; init; }

    /// <summary>The provider that was chosen, or <see cref="LicenseService.Direct"/>.</summary>
    public required LicenseService Service { get; init; }

    /// <summary>The licence URL that the caller gave. Trusted: the caller said so.</summary>
    public Uri? LicenseUrl { get; init; }

    /// <summary>Licence URLs that content names, the most specific first. Those of headers are added by the framework.</summary>
    public IReadOnlyList<LicenseUrlHint> ContentUrls { get; init; } = [];

    /// <summary>The host that the content came from; <see langword="null"/> for a file. A URL that content names may lead back to it.</summary>
    public string? ContentHost { get; init; }

    /// <summary>The caller's values: steps of the pipeline name them.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>The caller's source of tokens.</summary>
    public TokenSource? Tokens { get; init; }

    /// <summary>Headers that the caller wants on licence requests. Secrets; they go only where <see cref="LicenseUrl"/> or the provider says.</summary>
    public IReadOnlyDictionary<string, string> RequestHeaders { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>Data that the challenge itself carries. A secret, as <see cref="RequestHeaders"/> are.</summary>
    public string? CustomData { get; init; }

    /// <summary>How long licences may live.</summary>
    public SessionKind Kind { get; init; }

    /// <summary>The licence service's certificate, if the host has it.</summary>
    public ReadOnlyMemory<byte> ServerCertificate { get; init; }

    /// <summary>
    /// With whom sessions are shared: presentations of the same scope, provider, key system and licence URL, and of the same viewer: the same
    /// <see cref="Tokens"/>, <see cref="RequestHeaders"/>, <see cref="CustomData"/> and <see cref="Values"/>.
    /// </summary>
    /// <value><see langword="null"/>: with nobody but this presentation.</value>
    public string? SharingScope { get; init; }

    /// <summary>The span that its sessions are part of.</summary>
    internal ActivityContext Trace { get; init; }

    // Headers, values and custom data are secrets: no text holds them.
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"{nameof(Presentation)} = {Presentation}, {nameof(KeySystem)} = {KeySystem.Descriptor.Name}, {nameof(Service)} = {Service.Name}, {nameof(SharingScope)} = {SharingScope}");
        return true;
    }
}
