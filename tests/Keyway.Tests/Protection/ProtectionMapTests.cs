using System.Text;
using Keyway.Dash;
using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.Protection;

public sealed class ProtectionMapTests
{
    private static readonly KeyId A = new(0xA), B = new(0xB), C = new(0xC);
    private static readonly ProtectionSource InMpd = new(ProtectionOrigin.Manifest, "/MPD"), InMoov = new(ProtectionOrigin.Movie, "moov/pssh"), InMoof = new(ProtectionOrigin.Fragment, "moof/pssh");

    [Fact]
    public void Content_without_any_header_has_its_default_keys()
    {
        ProtectionMap map = new ProtectionMapBuilder().Add(Track("v", InMpd, A)).Add(Track("a", InMpd, A, B)).Build();
        map.IsProtected.Should().BeTrue();
        map.Keys.Select(static key => (key.Id, string.Join(',', key.Tracks))).Should().Equal((A, "v,a"), (B, "a"));
        map.Headers.Should().BeEmpty();
        map.Conflicts.Should().BeEmpty();
        new ProtectionMapBuilder().Build().IsProtected.Should().BeFalse();
    }

    [Fact]
    public void The_same_header_in_several_places_is_one_entry_with_all_its_sources()
    {
        ProtectionMap map = new ProtectionMapBuilder()
            .Add(Track("v", InMpd, A)).Add(Track("v", InMoov, A))
            .Add(Header(InMpd, [1], "v")).Add(Header(InMoov, [1])).Add(Header(InMoof, [1])).Add(Header(InMpd, [1], "a"))
            .Build();
        ProtectionEntry entry = map.Headers.Should().ContainSingle().Subject;
        entry.Sources.Should().Equal(InMpd, InMoov, InMoof);
        entry.KeyIds.Should().Equal(A);
        entry.IsInferred.Should().BeTrue();
        map.Keys.Should().ContainSingle().Which.Sources.Should().Equal(InMpd, InMoov, InMoof);
        map.Conflicts.Should().BeEmpty();
    }

    [Fact]
    public void A_header_for_one_track_is_for_that_tracks_keys()
    {
        ProtectionMap map = new ProtectionMapBuilder().Add(Track("v", InMpd, A)).Add(Track("a", InMpd, B)).Add(Header(InMpd, [1], "v")).Add(Header(InMpd, [2], "a")).Build();
        map.Headers.Select(static entry => entry.KeyIds.Single()).Should().Equal(A, B);
    }

    [Fact]
    public void What_contradicts_is_reported_with_its_places()
    {
        ProtectionMap map = new ProtectionMapBuilder()
            .Add(Track("v", InMpd, A) with { Scheme = ProtectionScheme.Cenc }).Add(Track("v", InMoov, B) with { Scheme = ProtectionScheme.Cbcs })
            .Add(Header(InMpd, [1], "v", A)).Add(Header(InMoov, [2], null, A, C))
            .Build();
        map.Conflicts.Select(static conflict => conflict.Kind).Should().BeEquivalentTo(new[]
        {
            ProtectionConflictKind.DefaultKeyMismatch, ProtectionConflictKind.SchemeMismatch, ProtectionConflictKind.KeyWithoutHeader, ProtectionConflictKind.HeaderMismatch, ProtectionConflictKind.KeyWithoutTrack,
        });
        map.Conflicts.Should().OnlyContain(static conflict => conflict.Sources.Count > 0);
        map.Schemes.Should().Equal(ProtectionScheme.Cbcs);
    }

    [Fact]
    public void Different_headers_within_one_manifest_or_one_file_are_no_contradiction()
    {
        ProtectionMap map = new ProtectionMapBuilder().Add(Track("v", InMpd, A)).Add(Header(InMpd, [1], "v", A)).Add(Header(InMpd, [2], "v", A)).Add(Header(InMoov, [2], null, A)).Build();
        map.Conflicts.Should().BeEmpty();
    }

    [Fact]
    public void Keys_that_a_rotation_adds_contradict_no_manifest()
    {
        ProtectionMap map = new ProtectionMapBuilder().Add(Track("v", InMpd, A)).Add(Track("v", InMoov, A)).Add(Track("v", InMoof, B) with { IsDefault = false }).Build();
        map.Conflicts.Should().BeEmpty();
        map.Keys.Should().HaveCount(2);
    }

    [Fact]
    public void Whoever_knows_the_system_names_the_keys_and_a_header_that_nobody_can_read_is_kept()
    {
        ProtectionHeader? Decode(InitializationData data) => data.Payload.Span[0] switch
        {
            1 => new ProtectionHeader { System = data.System, Data = data.Payload, KeyIds = [A, B] },
            2 => throw new ProtectionHeaderException(data.System, "no"),
            3 => throw new InvalidOperationException("words with key=secret"),
            _ => null,
        };

        ProtectionMap map = new ProtectionMapBuilder().Add(Track("v", InMoov, A))
            .Add(Header(InMoov, [1])).Add(Header(InMoov, [2])).Add(Header(InMoov, [3])).Add(Header(InMoov, [4])).Build(Decode);
        map.Headers[0].KeyIds.Should().Equal(A, B);
        map.Headers[0].IsInferred.Should().BeFalse();
        map.Headers.Select(static entry => entry.Problem is not null).Should().Equal(false, true, true, false);
        map.Headers[2].Problem.Should().NotContain("secret");
        map.Conflicts.Select(static conflict => conflict.Kind).Should().Equal(ProtectionConflictKind.UnreadableHeader, ProtectionConflictKind.UnreadableHeader, ProtectionConflictKind.KeyWithoutTrack);
    }

    [Fact]
    public void A_manifest_tells_its_headers_objects_keys_and_servers()
    {
        const string Kid = "00000000-0000-0000-0000-00000000000a";
        Manifest manifest = Mpd.Read(Mpd.Around($"""
            <Period><AdaptationSet mimeType="video/mp4">
              <ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc" cenc:default_KID="{Kid}"/>
              <ContentProtection schemeIdUri="urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95"><mspr:pro>AQI=</mspr:pro><cenc:pssh>AQI=</cenc:pssh></ContentProtection>
              <ContentProtection schemeIdUri="urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"><dashif:Laurl>https://k.example/</dashif:Laurl></ContentProtection>
              <Representation id="1"/><Representation id="2"/>
            </AdaptationSet></Period>
            """));
        ProtectionMap map = new ProtectionMapBuilder().Add(manifest).Build();
        map.Keys.Should().ContainSingle().Which.Tracks.Should().Equal("/MPD/Period[0]/AdaptationSet[0]/Representation[0]", "/MPD/Period[0]/AdaptationSet[0]/Representation[1]");
        map.Headers.Should().ContainSingle("object and bare header are the same bytes").Which.Sources.Should().HaveCount(2);
        map.LicenseUrls.Should().ContainSingle().Which.Url.Host.Should().Be("k.example");
        map.Systems.Should().BeEquivalentTo(new[] { SystemIds.PlayReady, SystemIds.ClearKeyDashIf });
        map.Schemes.Should().Equal(ProtectionScheme.Cenc);
    }

    [Fact]
    public void A_hundred_thousand_representations_under_one_large_header_cost_little()
    {
        string header = Convert.ToBase64String(new byte[1 << 20]);
        StringBuilder sets = new();
        for (int i = 0; i < 100_000; i++) sets.Append("<Representation/>");
        Manifest manifest = Mpd.Read(Mpd.Around($"""<Period><AdaptationSet mimeType="video/mp4"><ContentProtection schemeIdUri="urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95" cenc:default_KID="00000000-0000-0000-0000-00000000000a"><mspr:pro>{header}</mspr:pro></ContentProtection>{sets}</AdaptationSet></Period>"""));
        new ProtectionMapBuilder().Add(manifest).Build().Headers.Should().ContainSingle().Which.Tracks.Should().HaveCount(100_000);
    }

    private static TrackStatement Track(string name, ProtectionSource source, params KeyId[] ids) => new() { Track = name, Source = source, KeyIds = ids };

    private static HeaderStatement Header(ProtectionSource source, byte[] data, string? track = null, params KeyId[] ids) =>
        new() { Box = new PsshBox { Version = (byte)(ids.Length > 0 ? 1 : 0), System = SystemIds.Widevine, KeyIds = ids, Data = data }, Source = source, Track = track };
}
