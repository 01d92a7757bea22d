using Keyway.Manifests.Smooth.Model;
using Keyway.Timeline;

namespace Keyway.Manifests.Smooth.Segments;

/// <summary>Addresses of fragments.</summary>
public sealed class AddressTemplateTests
{
    private const string Folder = "https://cdn.example/a/film.ism/";

    [Theory]
    [InlineData("QualityLevels({bitrate})/Fragments(video={start time})", Folder + "QualityLevels(7)/Fragments(video=18446744073709551615)")]
    [InlineData("QualityLevels({Bitrate})/Fragments(video={start_time})", Folder + "QualityLevels(7)/Fragments(video=18446744073709551615)")]
    [InlineData("{BITRATE},{CustomAttributes}/{Start Time}.m4s?x={start time}", Folder + "7,a=1,b=x%20y/18446744073709551615.m4s?x=18446744073709551615")]
    [InlineData("/root/{bitrate}/{start time}", "https://cdn.example/root/7/18446744073709551615")]
    [InlineData("http://other.example/{bitrate}/{start time}", "http://other.example/7/18446744073709551615")]
    [InlineData("q{bitrate}/{start time}{", Folder + "q7/18446744073709551615%7B")]
    public void Names_in_braces_are_what_they_stand_for(string url, string expected)
    {
        AddressTemplate template = AddressTemplate.Read(new Uri(Folder + "Manifest(format=mss)?token=1"), Stream(url), Quality, out _)!;
        template.AddressOf(ulong.MaxValue).AbsoluteUri.Should().Be(expected);
    }

    [Theory]
    [InlineData(null, "no @Url")]
    [InlineData("{bitrate}", "does not name the time")]
    [InlineData("{start time}", "does not name the quality")]
    [InlineData("{bitrate}{start time}{language}", "'{language}', which is not known")]
    [InlineData("http://[/{bitrate}/{start time}", "is no address")]
    public void Others_are_refused(string? url, string reason)
    {
        AddressTemplate.Read(new Uri(Folder + "Manifest"), Stream(url), Quality, out FormatError error).Should().BeNull();
        error.Reason.Should().Contain(reason);
        error.Path.Should().Be("/s");
    }

    [Fact]
    public void What_grows_beyond_an_address_is_refused_before_it_does()
    {
        string url = string.Concat(Enumerable.Repeat("{CustomAttributes}", 1000)) + "{start time}";
        AddressTemplate.Read(new Uri(Folder + "Manifest"), Stream(url), Quality with { CustomAttributes = new string('x', 8000) }, out FormatError error).Should().BeNull();
        error.Reason.Should().Contain("more than 8192 characters");
        AddressTemplate.Read(new Uri(Folder + "Manifest"), Stream("{bitrate}" + string.Concat(Enumerable.Repeat("{start time}", 1000))), Quality, out error).Should().BeNull();
    }

    [Fact]
    public void A_quality_may_have_its_own()
    {
        AddressTemplate.Read(new Uri(Folder + "Manifest"), Stream(null), Quality with { Url = "own/{start time}" }, out _)!.AddressOf(5).AbsoluteUri.Should().Be(Folder + "own/5");
    }

    private static SmoothQuality Quality => new() { Path = "/q", Bitrate = 7, CustomAttributes = "a=1,b=x y" };

    private static SmoothStream Stream(string? url) => new() { Path = "/s", Kind = MediaKind.Video, Name = "video", Timescale = 1, Url = url, Qualities = [Quality, Quality with { Bitrate = 8 }] };
}
