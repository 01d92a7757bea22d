using CsCheck;
using Keyway.Relay.Endpoints;

namespace Keyway.Relay.Segments;

/// <summary>Ranges, as RFC 9110 has them, and whatever else is sent in their place.</summary>
public sealed class ByteSpanTests
{
    [Theory]
    [InlineData("bytes=0-99", 0, 100)]
    [InlineData("bytes=900-", 900, 100)]
    [InlineData("bytes=900-5000", 900, 100)]
    [InlineData("bytes=-100", 900, 100)]
    [InlineData("bytes=-5000", 0, 1000)]
    [InlineData("BYTES=0-0", 0, 1)]
    [InlineData("bytes=0-99999999999999999999999999", 0, 1000)]
    public void One_range_is_that(string text, long first, long length)
    {
        ByteSpan.TryRead(text, 1000, out ByteSpan? span).Should().BeTrue();
        span.Should().Be(new ByteSpan(first, length));
    }

    [Theory]
    [InlineData("")]
    [InlineData("bytes=")]
    [InlineData("bytes=-")]
    [InlineData("bytes=a-b")]
    [InlineData("bytes=5-2")]
    [InlineData("bytes=0-1,3-4")]
    [InlineData("items=0-1")]
    [InlineData("bytes=+1-2")]
    [InlineData("bytes=0x1-2")]
    public void What_is_none_or_several_is_passed_over(string text)
    {
        ByteSpan.TryRead(text, 1000, out ByteSpan? span).Should().BeTrue();
        span.Should().BeNull();
    }

    [Theory]
    [InlineData("bytes=1000-")]
    [InlineData("bytes=99999999999999999999-")]
    [InlineData("bytes=-0")]
    public void What_is_not_there_is_refused(string text) => ByteSpan.TryRead(text, 1000, out _).Should().BeFalse();

    [Fact]
    public void Whatever_is_sent_leads_into_the_body() => Gen.Select(Gen.String[Gen.Char["bytes=-0123456789, \u0660+x"], 0, 24], Gen.Long[0, 2000]).Sample((text, total) =>
    {
        if (!ByteSpan.TryRead("bytes=" + text, total, out ByteSpan? span) || span is not { } part) return;
        part.First.Should().BeInRange(0, total);
        part.Length.Should().BeInRange(1, total - part.First);
    }, iter: 20_000);
}
