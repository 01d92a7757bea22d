using System.Text.RegularExpressions;
using Keyway.Fleet.Grains;
using Keyway.Hosting.Configuration;
using Keyway.Licensing.Configuration;

namespace Keyway.Fleet.Configuration;

/// <summary>What a stream may say: the same rules for configuration, files and HTTP. Every mistake is told at once.</summary>
/// <param name="secrets">The secrets that streams may name, and where each may go.</param>
internal sealed partial class StreamRules(IReadOnlyDictionary<string, IReadOnlyList<Uri>> secrets)
{
    // What content networks call what lets a request in. A value behind one of these is a secret, and the roster is no place for it.
    private static readonly string[] TokenNames =
        ["token", "access_token", "auth", "authorization", "hdnea", "hdnts", "hdntl", "sig", "signature", "key", "apikey", "api_key", "password", "passwd", "secret", "policy", "jwt", "ticket", "session", "x-amz-signature", "x-amz-security-token", "key-pair-id"];

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\{secret:(?<name>[^{}]*)\}")]
    private static partial Regex SecretPattern();

    /// <summary>The names of secrets in an address.</summary>
    public static IEnumerable<string> SecretsIn(string address) => SecretPattern().Matches(address).Select(static match => match.Groups["name"].Value);

    /// <summary>The address with its secrets in it.</summary>
    public static string Fill(string address, Func<string, string> read) => SecretPattern().Replace(address, match => Uri.EscapeDataString(read(match.Groups["name"].Value)));

    /// <summary>Says what is wrong with a stream.</summary>
    /// <param name="spec">The stream.</param>
    /// <param name="path">Where it stands.</param>
    /// <returns>The mistakes, with their places.</returns>
    public IReadOnlyList<SettingError> Check(StreamSpec spec, string path)
    {
        List<SettingError> errors = [];
        if (!NamePattern().IsMatch(spec.Name)) Wrong(null, "a stream's name has letters, digits, '.', '_' and '-', 128 at most, a letter or a digit first");
        Uri? address = CheckAddress(nameof(spec.Address), spec.Address, isNeeded: true);
        Uri? license = CheckAddress(nameof(spec.LicenseUrl), spec.LicenseUrl, isNeeded: false);
        // The pipeline of a provider has secrets in it: they go where configuration says.
        if (spec is { LicenseUrl: not null, Provider: not null }) Wrong(nameof(spec.LicenseUrl), "a stream has a provider or a licence URL, and not both: the provider says where its service is");
        if (license is not null && spec.LicenseUrl!.Contains("{secret:", StringComparison.Ordinal)) Wrong(nameof(spec.LicenseUrl), "a licence service that wants a secret is a provider (Keyway:Providers)");
        if (spec.Scope is not { Length: > 0 and <= 64 } || !NamePattern().IsMatch(spec.Scope)) Wrong(nameof(spec.Scope), "a scope is named as streams are, with 64 characters at most");
        CheckRange(nameof(spec.PeriodSeconds), spec.PeriodSeconds, 1, 3600);
        CheckRange(nameof(spec.DecryptEverySeconds), spec.DecryptEverySeconds, 0, 86_400);
        CheckName(nameof(spec.Provider), spec.Provider);
        CheckName(nameof(spec.KeySystem), spec.KeySystem);
        if (spec.Headers.Count > FleetLimits.Headers) Wrong(nameof(spec.Headers), $"more than {FleetLimits.Headers} headers");
        foreach ((string name, string value) in spec.Headers)
        {
            string place = $"{nameof(spec.Headers)}:{name}";
            if (name.Length is 0 or > 64 || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-')) Wrong(place, "not a name of a header");
            if (SecretReference.NameOf(value) is not { } secret) Wrong(place, "a header's value is secret:NAME, and nothing else: what it says is kept where secrets are");
            else CheckSecret(place, secret, address);
        }

        return errors;

        void Wrong(string? member, string reason) => errors.Add(new SettingError(member is null ? path : $"{path}:{member}", reason));

        void CheckRange(string member, int? value, int least, int most)
        {
            if (value is { } number && (number < least || number > most)) Wrong(member, $"not a number from {least} to {most}");
        }

        void CheckName(string member, string? value)
        {
            if (value is not null && (value.Length is 0 or > 64 || value.Any(static c => char.IsControl(c) || c == '|'))) Wrong(member, "not a name");
        }

        void CheckSecret(string member, string name, Uri? to)
        {
            if (!secrets.TryGetValue(name, out IReadOnlyList<Uri>? origins)) Wrong(member, $"no stream may name the secret '{name}': Fleet:Secrets:{name} lists the origins that it may go to{Spelling.Question(name, secrets.Keys)}");
            else if (to is not null && !origins.Any(origin => Origins.IsSame(origin, to))) Wrong(member, $"the secret '{name}' does not go to {Origins.Of(to)} (Fleet:Secrets:{name})");
        }

        Uri? CheckAddress(string member, string? text, bool isNeeded)
        {
            if (text is null or "")
            {
                if (isNeeded) Wrong(member, "missing");
                else if (text is "") Wrong(member, "empty");
                return null;
            }

            if (text.Length > FleetLimits.Address || text.Any(char.IsControl) || !Uri.TryCreate(Fill(text, static _ => "x"), UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
            {
                Wrong(member, "not an http or https address");
                return null;
            }

            if (text.IndexOf('{', StringComparison.Ordinal) is >= 0 and var brace && text.IndexOf('/', uri.Scheme.Length + 3) is var slash && (slash < 0 || brace < slash)) Wrong(member, "a secret has its place in the path or the query");
            if (uri.UserInfo.Length > 0) Wrong(member, "user name and password have no place in an address");
            foreach (string pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
            {
                string name = Uri.UnescapeDataString(pair.Split('=')[0]);
                if (TokenNames.Contains(name, StringComparer.OrdinalIgnoreCase) && pair.Contains('=', StringComparison.Ordinal) && !pair.EndsWith("=x", StringComparison.Ordinal))
                    Wrong(member, $"'{name}' is the name of something secret: write {name}={{secret:NAME}}, and keep the value where secrets are");
            }

            foreach (string secret in SecretsIn(text)) CheckSecret(member, secret, uri);
            return uri;
        }
    }
}
