namespace Keyway.Relay.Gate;

/// <summary>The token: new each time, and nothing but itself.</summary>
public sealed class RunTokenTests
{
    [Fact]
    public void It_has_128_bits_and_is_new_each_time()
    {
        string[] tokens = [.. Enumerable.Range(0, 100).Select(static _ => RunToken.Create().Text)];
        tokens.Should().OnlyHaveUniqueItems().And.OnlyContain(static text => text.Length == 32 && text.All(char.IsAsciiHexDigitLower));
    }

    [Fact]
    public void Nothing_else_is_it()
    {
        RunToken token = RunToken.Create();
        token.Is(token.Text).Should().BeTrue();
        foreach (string other in (string[])["", "/", token.Text[1..], token.Text + "0", token.Text.ToUpperInvariant() + "", new string('0', 32), token.Text[..31] + "g", token.Text[..31] + "\u0130", RunToken.Create().Text])
            token.Is(other).Should().Be(other == token.Text, "'{0}' is another", other);
        token.ToString().Should().NotContain(token.Text, "what is printed by chance holds no secret");
    }
}
