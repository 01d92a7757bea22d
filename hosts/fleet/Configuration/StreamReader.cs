using Keyway.Fleet.Grains;
using Keyway.Hosting.Configuration;
using Keyway.Licensing.Configuration;

namespace Keyway.Fleet.Configuration;

/// <summary>Reads one entry of <c>Fleet:Streams</c>.</summary>
internal static class StreamReader
{
    public static StreamSpec Read(SectionReader entry, StreamRules rules, List<SettingError> errors)
    {
        StreamSpec spec = new()
        {
            Name = entry.Name,
            Address = entry.Text(nameof(StreamSpec.Address)) ?? "",
            Provider = entry.Text(nameof(StreamSpec.Provider)),
            KeySystem = entry.Text(nameof(StreamSpec.KeySystem)),
            LicenseUrl = entry.Text(nameof(StreamSpec.LicenseUrl)),
            Scope = entry.Text(nameof(StreamSpec.Scope), "fleet")!,
            PeriodSeconds = Number(nameof(StreamSpec.PeriodSeconds), 1, 3600),
            DecryptEverySeconds = Number(nameof(StreamSpec.DecryptEverySeconds), 0, 86_400),
            Headers = entry.Texts(nameof(StreamSpec.Headers)).ToDictionary(static header => header.Key, static header => header.Value!, StringComparer.OrdinalIgnoreCase),
            IsConfigured = true,
        };
        entry.End();
        errors.AddRange(rules.Check(spec, entry.Section.Path));
        return spec;

        int? Number(string member, int least, int most) => entry.Section[member] is null && !entry.Section.GetSection(member).GetChildren().Any() ? Unset(member) : entry.Number(member, least, least, most);

        // Asked for, so that it is known as a setting.
        int? Unset(string member)
        {
            entry.Text(member);
            return null;
        }
    }
}
