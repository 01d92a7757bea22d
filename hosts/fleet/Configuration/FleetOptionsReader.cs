using System.Net;
using Keyway.Fleet.Grains;
using Keyway.Hosting.Configuration;
using Keyway.Licensing.Configuration;
using Microsoft.Extensions.Configuration;

namespace Keyway.Fleet.Configuration;

/// <summary>Reads the section <c>Fleet</c>. Every mistake is told, each with its path.</summary>
internal sealed class FleetOptionsReader
{
    private readonly List<SettingError> _errors = [];
    private readonly List<string> _warnings = [];
    private readonly Func<string, string?> _secret;

    private FleetOptionsReader(Func<string, string?> secret) => _secret = secret;

    /// <summary>Reads it.</summary>
    /// <param name="configuration">All of configuration.</param>
    /// <param name="secret">Reads a secret that the section itself names; <see langword="null"/>: there is none of that name.</param>
    /// <param name="errors">What is wrong.</param>
    /// <returns>What it says, as far as it can be understood.</returns>
    public static FleetOptions Read(IConfiguration configuration, Func<string, string?> secret, out IReadOnlyList<SettingError> errors)
    {
        FleetOptionsReader reader = new(secret);
        FleetOptions options = reader.Read(configuration.GetSection(FleetOptions.SectionName));
        errors = reader._errors;
        return options;
    }

    private FleetOptions Read(IConfigurationSection section)
    {
        SectionReader fleet = new(section, _errors, []);
        ClusterKind cluster = fleet.Choice<ClusterKind>("Cluster");
        Dictionary<string, IReadOnlyList<Uri>> secrets = ReadSecrets(fleet);
        StreamRules rules = new(secrets);
        List<StreamSpec> streams = [.. fleet.Entries("Streams").Select(entry => StreamReader.Read(entry, rules, _errors))];
        string? file = fleet.Text("StreamFile");
        HashSet<string> ofFile = new(StringComparer.Ordinal);
        if (file is not null && !File.Exists(Path.GetFullPath(file, AppContext.BaseDirectory))) fleet.Wrong("StreamFile", "there is no such file");
        else if (file is not null)
        {
            StreamFile.Read(file, rules, out IReadOnlyList<StreamSpec> more, out IReadOnlyList<SettingError> wrong);
            _errors.AddRange(wrong);
            foreach (StreamSpec spec in more)
            {
                if (streams.Exists(known => known.Name == spec.Name)) _errors.Add(new SettingError($"{file}: {spec.Name}", "configuration has a stream of this name, too (Fleet:Streams)"));
                else
                {
                    streams.Add(spec);
                    ofFile.Add(spec.Name);
                }
            }
        }

        if (streams.Count > FleetLimits.Streams) fleet.Wrong("Streams", $"more than {FleetLimits.Streams} streams");
        FleetOptions options = new()
        {
            Cluster = cluster,
            Connection = Secret(fleet, "Connection"),
            ClusterId = Name(fleet, "ClusterId", "fleet"),
            ServiceId = Name(fleet, "ServiceId", "keyway"),
            Silo = ReadSilo(fleet.Object("Silo"), cluster),
            Web = ReadWeb(fleet.Object("Web")),
            Period = Seconds(fleet, "PeriodSeconds", 6, 1, 3600),
            DecryptEvery = Seconds(fleet, "DecryptEverySeconds", 300, 0, 86_400),
            SegmentEvery = Seconds(fleet, "SegmentEverySeconds", 12, 0, 86_400),
            InspectEvery = Seconds(fleet, "InspectEverySeconds", 900, 0, 86_400),
            Thresholds = ReadThresholds(fleet.Object("Thresholds")),
            Budget = ReadBudget(fleet.Object("Budget")),
            Alerts = ReadAlerts(fleet.Object("Alerts")),
            Telemetry = ReadTelemetry(fleet.Object("Telemetry")),
            Providers = fleet.Entries("Providers").ToDictionary(static entry => entry.Name, ReadProvider, StringComparer.OrdinalIgnoreCase),
            Secrets = secrets,
            Streams = streams,
            StreamFile = file,
            FileStreams = ofFile,
            Sandbox = fleet.Flag("Sandbox", streams.Count == 0 && file is null && cluster == ClusterKind.Local),
        };
        fleet.End();
        if (cluster == ClusterKind.Local && options.Connection is not null) fleet.Wrong("Connection", "the local cluster has no store to connect to");
        if (cluster != ClusterKind.Local && options.Connection is null && section["Connection"] is null) _errors.Add(new SettingError($"{section.Path}:Connection", $"missing: where {cluster} is"));
        if (cluster != ClusterKind.Local && (options.Silo.Port == 0 || options.Silo.GatewayPort == 0)) _warnings.Add("the ports of this silo are any free ones: where a firewall stands between silos, set Fleet:Silo:Port and Fleet:Silo:GatewayPort");
        if (!IPAddress.IsLoopback(options.Silo.Address) && options.Silo.Certificate is null) _warnings.Add($"silos talk in the clear at {options.Silo.Address}: set Fleet:Silo:Certificate, or keep the network to them alone");
        return options with { Warnings = [.. _warnings] };
    }

    private static SiloOptions ReadSilo(SectionReader silo, ClusterKind cluster)
    {
        IPAddress address = IPAddress.Loopback;
        if (silo.Text("Address") is { } text)
        {
            if (!IPAddress.TryParse(text, out IPAddress? parsed)) silo.Wrong("Address", "not an IP address");
            else if (parsed.Equals(IPAddress.Any) || parsed.Equals(IPAddress.IPv6Any)) silo.Wrong("Address", "the address that other silos reach this one at is expected, and this is any");
            else if (cluster == ClusterKind.Local && !IPAddress.IsLoopback(parsed)) silo.Wrong("Address", "the local cluster is one silo on loopback: no other can join it; set Fleet:Cluster to Redis or PostgreSql");
            else address = parsed;
        }

        SiloOptions options = new()
        {
            Address = address,
            Port = silo.Number("Port", 0, 0, 65535),
            GatewayPort = silo.Number("GatewayPort", 0, 0, 65535),
            ListenPort = silo.Number("ListenPort", 0, 0, 65535) is > 0 and var port ? port : null,
            Name = silo.Text("Name"),
            Probe = Seconds(silo, "ProbeSeconds", 5, 1, 60),
            DistributedDirectory = silo.Flag("DistributedDirectory", true),
            Rebalance = silo.Flag("Rebalance", true),
            Certificate = silo.Text("Certificate") is { } certificate ? Path.GetFullPath(certificate, AppContext.BaseDirectory) : null,
        };
        silo.End();
        if (options.Port > 0 && options.Port == options.GatewayPort) silo.Wrong("GatewayPort", "the same as Port");
        if (options.Certificate is { } pem && !File.Exists(pem)) silo.Wrong("Certificate", "there is no such file");
        return options;
    }

    private WebOptions ReadWeb(SectionReader web)
    {
        Uri url = new WebOptions().Url;
        if (web.Text("Url") is { } text)
        {
            if (Uri.TryCreate(text, UriKind.Absolute, out Uri? parsed) && parsed.Scheme is "http" or "https" && parsed!.PathAndQuery == "/") url = parsed;
            else web.Wrong("Url", "not an http or https address without a path");
        }

        WebOptions options = new()
        {
            Url = url,
            AllowedHosts = [.. web.List("AllowedHosts").Select(static item => item.Value!)],
            Token = Secret(web, "Token"),
            DashboardPort = web.Number("DashboardPort", 0, 0, 65535) is > 0 and var port ? port : null,
        };
        web.End();
        bool isOpen = !(url.IsLoopback && IPAddress.TryParse(url.Host.Trim('[', ']'), out _)) && url.Host != "localhost";
        if (isOpen && options.Token is null && web.Section["Token"] is null) web.Wrong("Url", "others than this machine can ask there, and whoever asks may change what is watched: set Fleet:Web:Token to secret:NAME");
        if (options.AllowedHosts.Contains("*")) web.Wrong("AllowedHosts", "'*' would let any page that a name leads here read what is watched: name the hosts");
        return options;
    }

    private static Thresholds ReadThresholds(SectionReader reader)
    {
        Thresholds options = new()
        {
            Clock = Seconds(reader, "ClockSeconds", 3, 1, 3600),
            RotationLead = Seconds(reader, "RotationLeadSeconds", 60, 1, 86_400),
            SlowLicense = TimeSpan.FromMilliseconds(reader.Number("SlowLicenseMilliseconds", 3000, 1, 60_000)),
            LicenseExpiry = Seconds(reader, "LicenseExpirySeconds", 120, 1, 86_400 * 30),
            SegmentSpeed = reader.Number("SegmentSpeedPercent", 120, 1, 10_000) / 100d,
        };
        reader.End();
        return options;
    }

    private static BudgetOptions ReadBudget(SectionReader reader)
    {
        BudgetOptions options = new()
        {
            RequestsPerOrigin = reader.Number("RequestsPerOrigin", 2000, 1, 1_000_000),
            BytesPerSecond = reader.Number("BytesPerSecond", 32 << 20, 1 << 16, int.MaxValue),
        };
        reader.End();
        return options;
    }

    private AlertOptions ReadAlerts(SectionReader reader)
    {
        AlertOptions options = new()
        {
            For = Seconds(reader, "ForSeconds", 15, 0, 86_400),
            ResolveAfter = Seconds(reader, "ResolveAfterSeconds", 30, 0, 86_400),
            GroupFrom = reader.Number("GroupFrom", 5, 2, 100_000),
            Flaps = reader.Number("Flaps", 3, 1, 100),
            FlapWindow = Seconds(reader, "FlapWindowSeconds", 600, 1, 86_400),
            Webhooks = [.. reader.Entries("Webhooks").Select(ReadWebhook)],
        };
        reader.End();
        return options;
    }

    private WebhookOptions ReadWebhook(SectionReader reader)
    {
        string? url = Secret(reader, "Url");
        if (url is null && reader.Section["Url"] is null) _errors.Add(new SettingError($"{reader.Section.Path}:Url", "missing"));
        else if (url is not null && (!Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) || parsed.Scheme is not ("http" or "https"))) _errors.Add(new SettingError($"{reader.Section.Path}:Url", "not an http or https address"));
        bool isAlertmanager = reader.Flag("Alertmanager");
        reader.End();
        return new WebhookOptions(reader.Name, url ?? "", isAlertmanager);
    }

    private static TelemetryOptions ReadTelemetry(SectionReader reader)
    {
        Uri? otlp = null;
        if (reader.Text("Otlp") is { } text && (!Uri.TryCreate(text, UriKind.Absolute, out otlp) || otlp.Scheme is not ("http" or "https"))) reader.Wrong("Otlp", "not an http or https address");
        TelemetryOptions options = new() { Prometheus = reader.Flag("Prometheus", true), StreamSeries = reader.Flag("StreamSeries"), Otlp = otlp };
        reader.End();
        return options;
    }

    private static ProviderLimit ReadProvider(SectionReader reader)
    {
        ProviderLimit limit = new()
        {
            RequestsPerSecond = reader.Number("RequestsPerSecond", 50, 1, 100_000),
            Burst = reader.Number("Burst", 100, 1, 100_000),
            Failures = reader.Number("Failures", 10, 1, 10_000),
            OpenFor = Seconds(reader, "OpenSeconds", 20, 1, 3600),
        };
        reader.End();
        return limit;
    }

    private Dictionary<string, IReadOnlyList<Uri>> ReadSecrets(SectionReader fleet)
    {
        Dictionary<string, IReadOnlyList<Uri>> secrets = new(StringComparer.Ordinal);
        foreach (SectionReader entry in fleet.Entries("Secrets"))
        {
            List<Uri> origins = [];
            foreach (IConfigurationSection item in entry.List("Origins"))
            {
                if (Uri.TryCreate(item.Value, UriKind.Absolute, out Uri? origin) && origin.Scheme is "http" or "https") origins.Add(origin!);
                else _errors.Add(new SettingError(item.Path, "not an origin: https://cdn.example"));
            }

            entry.End();
            if (!SecretReference.IsName(entry.Name)) entry.Wrong($"not a name of a secret ({SecretReference.NameRule})");
            else if (origins.Count == 0) entry.Wrong("it goes nowhere: list the origins that it may go to (Origins)");
            secrets[entry.Name] = origins;
        }

        return secrets;
    }

    /// <summary>A value that may stand here as it is, or be kept where secrets are.</summary>
    private string? Secret(SectionReader reader, string member)
    {
        if (reader.Text(member) is not { } value || !SecretReference.IsReference(value)) return reader.Text(member);
        string path = $"{reader.Section.Path}:{member}";
        if (SecretReference.NameOf(value) is not { } name) _errors.Add(new SettingError(path, $"not a name of a secret ({SecretReference.NameRule})"));
        else if (_secret(name) is { } found) return found;
        else _errors.Add(new SettingError(path, $"there is no secret '{name}' (Keyway:Secrets:Directory, KEYWAY_SECRET_…)"));
        return null;
    }

    private string Name(SectionReader reader, string member, string fallback)
    {
        string name = reader.Text(member, fallback)!;
        if (name.Length > 64 || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')) _errors.Add(new SettingError($"{reader.Section.Path}:{member}", "letters, digits, '.', '_' and '-' are expected, 64 at most"));
        return name;
    }

    private static TimeSpan Seconds(SectionReader reader, string member, int fallback, int least, int most) => TimeSpan.FromSeconds(reader.Number(member, fallback, least, most));
}
