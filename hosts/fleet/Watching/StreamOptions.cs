using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Watching;

/// <summary>Makes what the engine wants of what a stream says: secrets are read here, and go no further than the engine.</summary>
/// <param name="secrets">Reads a secret that configuration lets streams name.</param>
internal sealed class StreamOptions(Func<string, string> secrets)
{
    /// <summary>Where a check's samples go: nowhere. Made in code, as sinks that permit more than an export are; it never exports, and claims no protection of an output, so that a licence that asks for one is not met.</summary>
    public static Decryption.OutputCapabilities DiscardingSink { get; } = new() { Kind = Decryption.SinkKind.Render };

    /// <summary>The address, with what is secret in it.</summary>
    /// <exception cref="Plugins.SecretException">A secret is not there.</exception>
    public Uri AddressOf(StreamSpec spec) => new(StreamRules.Fill(spec.Address, secrets));

    /// <summary>How its content is read.</summary>
    /// <exception cref="Plugins.SecretException">A secret is not there.</exception>
    public PresentationOptions OptionsOf(StreamSpec spec) => new()
    {
        Provider = spec.Provider,
        KeySystem = spec.KeySystem,
        LicenseUrl = spec.LicenseUrl is { } url ? new Uri(url) : null,
        ContentHeaders = [.. spec.Headers.Select(header => KeyValuePair.Create(header.Key, secrets(header.Value["secret:".Length..])))],
        Output = DiscardingSink,
    };
}
