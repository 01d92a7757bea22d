using System.Text;
using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.KeyFiles;

/// <summary>What a key file may hold, and how what is none is called. ../shared/protocols/hls.md, 3 and 7.</summary>
public sealed class KeyFileContentTests
{
    private static readonly Uri Address = new("https://user:word@keys.example/a/k.bin?token=secret");

    public static TheoryData<byte[], string> NoKeys => new()
    {
        { [], "it is empty" },
        { Bytes.Random(15, 1), "it has 15 bytes, and a key has 16" },
        { Bytes.Random(17, 1), "it has 17 bytes, and a key has 16" },
        { Bytes.Random(32, 1), "it has 32 bytes, as a key of AES-256 has, which is not opened, and a key has 16" },
        { Bytes.Random(64, 1), "it has 64 bytes, and a key has 16" },
        { Bytes.Random(65, 1), "it has more than 64 bytes, and a key has 16" },
        { [.. Bytes.Random(16, 1), (byte)'\n'], "it has 17 bytes, the last of which are a line end, and a key has 16" },
        { [.. Bytes.Random(16, 1), (byte)'\r', (byte)'\n'], "it has 18 bytes, the last of which are a line end, and a key has 16" },
        { Text("000102030405060708090a0b0c0d0e0f"), "it has 32 bytes and looks like a key in hexadecimal digits, and a key has 16" },
        { Text("0x000102030405060708090A0B0C0D0E0F\r\n"), "it has 36 bytes and looks like a key in hexadecimal digits, and a key has 16" },
        { Text("00010203-0405-0607-0809-0a0b0c0d0e0f"), "it has 36 bytes and looks like a key in hexadecimal digits, and a key has 16" },
        { Text("AAECAwQFBgcICQoLDA0ODw==\n"), "it has 25 bytes and looks like a key in base64, and a key has 16" },
        { Text("AAECAwQFBgcICQoLDA0ODw"), "it has 22 bytes and looks like a key in base64, and a key has 16" },
        { Text("<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"), "it looks like a page of HTML: the server did not say no, and sent something else than the key" },
        { Text("\uFEFF\r\n<html>"), "it looks like a page of HTML: the server did not say no, and sent something else than the key" },
        { Text("<!DOCTYPE html>\n"), "it looks like a page of HTML: the server did not say no, and sent something else than the key" },
        { Text("<HTML>no</HTML>\n"), "it looks like a page of HTML: the server did not say no, and sent something else than the key" },
        { Text("{\"error\": \"expired\"}"), "it looks like JSON, and a key file is the key itself" },
    };

    [Theory]
    [MemberData(nameof(NoKeys))]
    public void What_is_no_key_has_a_message_of_its_own(byte[] content, string reason)
    {
        LicenseServiceException? refusal = KeyFileContent.WhyNoKey(content, Address);
        refusal!.Message.Should().Be($"the key file https://keys.example/a/k.bin: {reason}");
        refusal.Kind.Should().Be(LicenseErrorKind.LicenseMalformed);
        refusal.Advice.Should().NotBeNull();
    }

    [Fact]
    public void Sixteen_bytes_are_a_key_whatever_they_are()
    {
        for (int seed = 0; seed < 5000; seed++) KeyFileContent.WhyNoKey(Bytes.Random(16, seed), Address).Should().BeNull();
        foreach (string letters in new[] { "0123456789abcdef", "<0123456789abcde", "{0123456789abcde", "                ", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" })
            KeyFileContent.WhyNoKey(Text(letters), Address).Should().BeNull("{0} may be one", letters);
        KeyFileContent.WhyNoKey(new byte[16], Address).Should().BeNull();
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
}
