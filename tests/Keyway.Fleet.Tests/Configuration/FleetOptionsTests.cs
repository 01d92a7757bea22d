using Keyway.Licensing.Configuration;
using Microsoft.Extensions.Configuration;

namespace Keyway.Fleet.Configuration;

public sealed class FleetOptionsTests
{
    [Fact]
    public void Without_anything_it_is_one_silo_that_brings_a_sandbox_along()
    {
        FleetOptions options = Read([])!;
        (options.Cluster, options.Sandbox, options.Web.Url.AbsoluteUri, options.Silo.Address.ToString()).Should().Be((ClusterKind.Local, true, "http://127.0.0.1:8790/", "127.0.0.1"));
        Read([("Fleet:Streams:a:Address", "http://127.0.0.1/a.mpd")])!.Sandbox.Should().BeFalse("there is something to watch");
    }

    [Fact]
    public void Every_mistake_is_told_at_once_with_its_path()
    {
        (string, string?)[] settings =
        [
            ("Fleet:Clustr", "Redis"),
            ("Fleet:PeriodSeconds", "0"),
            ("Fleet:Silo:Address", "0.0.0.0"),
            ("Fleet:Silo:Port", "70000"),
            ("Fleet:Web:Url", "http://0.0.0.0:8790"),
            ("Fleet:Web:AllowedHosts:0", "*"),
            ("Fleet:Budget:BytesPerSecond", "many"),
            ("Fleet:Secrets:cdn:Origins:0", "cdn.example"),
            ("Fleet:Alerts:Webhooks:duty:Url", "secret:nothing"),
            ("Fleet:Streams:bad name:Address", "http://a.example/a.mpd"),
            ("Fleet:Streams:b:Adress", "http://a.example/a.mpd"),
            ("Fleet:Streams:c:Address", "ftp://a.example/a.mpd"),
            ("Fleet:Streams:d:Address", "http://me:pass@a.example/a.mpd"),
            ("Fleet:Streams:e:Address", "http://a.example/a.mpd?hdnea=exp~acl"),
            ("Fleet:Streams:f:Address", "http://a.example/a.mpd"),
            ("Fleet:Streams:f:Headers:Authorization", "Bearer abc"),
            ("Fleet:Streams:g:Address", "http://a.example/{secret:other}/a.mpd"),
            ("Fleet:Streams:h:Address", "http://a.example/a.mpd"),
            ("Fleet:Streams:h:Provider", "acmee"),
            ("Fleet:Streams:i:Address", "http://a.example/a.mpd"),
            ("Fleet:Streams:i:Provider", "acme"),
            ("Fleet:Streams:i:LicenseUrl", "http://licences.example/"),
            ("Keyway:Providers:acme:KeySystems:0", "clearkey"),
            ("Keyway:KeySystems:clearkey:Plugn", "clearkey"),
        ];
        FleetConfiguration.Read(Of(settings), out IReadOnlyList<SettingError> mistakes).Should().BeNull();
        string[] paths = [.. mistakes.Select(static mistake => mistake.Path)];
        paths.Should().Contain(
        [
            "Fleet:Clustr", "Fleet:PeriodSeconds", "Fleet:Silo:Address", "Fleet:Silo:Port", "Fleet:Web:Url", "Fleet:Web:AllowedHosts", "Fleet:Budget:BytesPerSecond",
            "Fleet:Secrets:cdn:Origins:0", "Fleet:Alerts:Webhooks:duty:Url", "Fleet:Streams:bad name", "Fleet:Streams:b:Adress", "Fleet:Streams:b:Address",
            "Fleet:Streams:c:Address", "Fleet:Streams:d:Address", "Fleet:Streams:e:Address", "Fleet:Streams:f:Headers:Authorization", "Fleet:Streams:g:Address",
            "Fleet:Streams:i:LicenseUrl", "Keyway:KeySystems:clearkey:Plugn",
        ]);
        mistakes.Select(static mistake => mistake.ToString()).Should().NotContain(static text => text.Contains("Bearer abc", StringComparison.Ordinal) || text.Contains("exp~acl", StringComparison.Ordinal), "what may be secret is not repeated");
        mistakes.Single(static mistake => mistake.Path == "Fleet:Clustr").Reason.Should().EndWith("did you mean 'Cluster'?");
    }

    [Fact]
    public void A_provider_or_key_system_that_nobody_configured_is_named()
    {
        FleetConfiguration.Read(Of([("Fleet:Streams:h:Address", "http://a.example/a.mpd"), ("Fleet:Streams:h:Provider", "acmee"), ("Fleet:Streams:h:KeySystem", "clerkey"), ("Keyway:Providers:acme:KeySystems:0", "clearkey"), ("Keyway:Providers:acme:Endpoints:clearkey", "http://licences.example/"), ("Keyway:KeySystems:clearkey:Plugin", "clearkey")]), out IReadOnlyList<SettingError> mistakes).Should().BeNull();
        mistakes.Select(static mistake => mistake.ToString()).Should().Equal(
            "Fleet:Streams:h:Provider: there is no provider 'acmee' (Keyway:Providers); did you mean 'acme'?",
            "Fleet:Streams:h:KeySystem: there is no key system 'clerkey' (Keyway:KeySystems); did you mean 'clearkey'?");
    }

    [Fact]
    public void A_cluster_of_several_needs_a_store_and_a_local_one_no_other_machine()
    {
        Mistakes([("Fleet:Cluster", "Redis")]).Should().Equal("Fleet:Connection");
        Mistakes([("Fleet:Cluster", "Local"), ("Fleet:Silo:Address", "192.0.2.1")]).Should().Equal("Fleet:Silo:Address");
        Mistakes([("Fleet:Connection", "127.0.0.1:6379")]).Should().Equal("Fleet:Connection");
        Read([("Fleet:Cluster", "PostgreSql"), ("Fleet:Connection", "Host=127.0.0.1")])!.Sandbox.Should().BeFalse("silos of one cluster would each bring their own");
    }

    [Fact]
    public void Silos_that_talk_in_the_clear_over_a_network_are_warned_of() =>
        Read([("Fleet:Cluster", "Redis"), ("Fleet:Connection", "a"), ("Fleet:Silo:Address", "192.0.2.1"), ("Fleet:Silo:Port", "1"), ("Fleet:Silo:GatewayPort", "2")])!.Warnings.Should().ContainSingle().Which.Should().Contain("in the clear");

    [Fact]
    public void A_page_that_others_can_ask_wants_a_token() =>
        Mistakes([("Fleet:Web:Url", "https://fleet.example")]).Should().Equal("Fleet:Web:Url");

    [Fact]
    public void A_file_of_streams_is_read_with_the_rules_of_configuration()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{ "a": { "address": "https://cdn.example/a.mpd" }, "b": { "addres": "https://cdn.example/b.mpd" }, "c": 1 }""");
            Mistakes([("Fleet:StreamFile", file)]).Should().Equal($"{file}: b:addres", $"{file}: c");
            File.WriteAllText(file, """[ { "name": "a", "address": "https://cdn.example/a.mpd", "periodSeconds": 4 } ]""");
            Read([("Fleet:StreamFile", file), ("Fleet:Streams:z:Address", "https://cdn.example/z.mpd")])!.Streams.Select(static spec => (spec.Name, spec.PeriodSeconds, spec.IsConfigured)).Should().Equal(("z", null, true), ("a", 4, true));
            File.WriteAllText(file, "{ \"a\": ");
            Mistakes([("Fleet:StreamFile", file)]).Should().Equal($"{file}, line 1");
            Mistakes([("Fleet:StreamFile", file + ".not")]).Should().Equal("Fleet:StreamFile");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static IConfigurationRoot Of((string, string?)[] settings) => new ConfigurationBuilder().AddInMemoryCollection(settings.Select(static each => KeyValuePair.Create(each.Item1, each.Item2))).Build();

    private static FleetOptions? Read((string, string?)[] settings)
    {
        FleetOptions? options = FleetConfiguration.Read(Of(settings), out IReadOnlyList<SettingError> mistakes);
        mistakes.Should().BeEmpty();
        return options;
    }

    private static string[] Mistakes((string, string?)[] settings)
    {
        FleetConfiguration.Read(Of(settings), out IReadOnlyList<SettingError> mistakes).Should().BeNull();
        return [.. mistakes.Select(static mistake => mistake.Path)];
    }
}
