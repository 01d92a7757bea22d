namespace Keyway;

public sealed class KeyIdTests
{
    [Theory]
    [InlineData("00112233445566778899aabbccddeeff")]
    [InlineData("00112233-4455-6677-8899-aabbccddeeff")]
    [InlineData("00112233-4455-6677-8899-AABBCCDDEEFF")]
    public void Text_with_and_without_dashes_is_read_in_big_endian_order(string text)
    {
        KeyId.TryParse(text, out KeyId id).Should().BeTrue();
        Span<byte> bytes = stackalloc byte[16];
        id.Write(bytes);
        Convert.ToHexString(bytes).Should().Be("00112233445566778899AABBCCDDEEFF");
        id.ToString().Should().Be("00112233445566778899aabbccddeeff");
    }

    [Theory]
    [InlineData("")]
    [InlineData("00112233445566778899aabbccddeef")]
    [InlineData("00112233445566778899aabbccddeeff0")]
    [InlineData("00112233-445566778899-aabb-ccddeeff--")]
    [InlineData("+0112233445566778899aabbccddeeff")]
    [InlineData(" 0112233445566778899aabbccddeeff")]
    [InlineData("{0112233-4455-6677-8899-aabbccddeef}")]
    public void Other_text_is_refused(string text) => KeyId.TryParse(text, out _).Should().BeFalse();

    [Fact]
    public void Sixteen_opaque_bytes_are_the_identifier_and_other_lengths_are_hashed()
    {
        byte[] exact = Convert.FromHexString("00112233445566778899AABBCCDDEEFF");
        KeyId.FromOpaque(exact).ToString().Should().Be("00112233445566778899aabbccddeeff");

        // SHA-256("abc"), FIPS 180-4, appendix B.1.
        KeyId.FromOpaque("abc"u8).ToString().Should().Be("ba7816bf8f01cfea414140de5dae2223");
    }
}
