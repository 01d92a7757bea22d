using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Configuration;

public sealed class StreamRulesTests
{
    private readonly StreamRules _rules = new(new Dictionary<string, IReadOnlyList<Uri>> { ["cdn"] = [new Uri("https://cdn.example")] });

    [Fact]
    public void A_secret_goes_where_configuration_lets_it_go_and_nowhere_else()
    {
        Check("https://cdn.example/a.mpd?token={secret:cdn}").Should().BeEmpty();
        Check("https://cdn.example:444/a.mpd?token={secret:cdn}").Should().ContainSingle();
        Check("http://cdn.example/a.mpd?token={secret:cdn}").Should().ContainSingle();
        Check("https://{secret:cdn}.example/a.mpd").Should().NotBeEmpty("no part of a secret is a name of a host");
        Check("https://cdn.example/a.mpd", ("Authorization", "secret:cdn")).Should().BeEmpty();
        Check("https://other.example/a.mpd", ("Authorization", "secret:cdn")).Should().ContainSingle();
        Check("https://cdn.example/a.mpd", ("Authorization", "secret:license-store")).Should().ContainSingle();
    }

    [Fact]
    public void What_is_secret_by_its_name_has_no_place_in_an_address()
    {
        foreach (string name in (string[])["token", "Signature", "hdnts", "Key-Pair-Id", "X-Amz-Signature"]) Check($"https://cdn.example/a.mpd?{name}=0123456789abcdef").Should().ContainSingle(name);
        Check("https://cdn.example/a.mpd?quality=high&lang=en").Should().BeEmpty();
    }

    [Fact]
    public void The_secret_is_filled_in_as_an_address_takes_it() => StreamRules.Fill("https://cdn.example/a.mpd?token={secret:cdn}&x=1", static name => $"{name}/&=").Should().Be("https://cdn.example/a.mpd?token=cdn%2F%26%3D&x=1");

    [Fact]
    public void People_see_no_query() => Origins.Shown("https://cdn.example/a.mpd?token={secret:cdn}").Should().Be("https://cdn.example/a.mpd?…");

    private IReadOnlyList<Licensing.Configuration.SettingError> Check(string address, params (string Name, string Value)[] headers) =>
        _rules.Check(new StreamSpec { Name = "a", Address = address, Headers = headers.ToDictionary(static header => header.Name, static header => header.Value) }, "here");
}
