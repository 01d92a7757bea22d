using System.Buffers;
using System.Text;

namespace Keyway.Licensing.Secrets;

/// <summary>What a service may make of a secret when it repeats it. The expected forms are made here, by other means.</summary>
public sealed class SecretTextsTests
{
    private const string Jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    public static TheoryData<string, string> Repeated => new()
    {
        { "Bearer s3cr", "unknown token s3cr" },
        { "Bearer t0ken-s3cret", "the token t0ken-s3cret is over" },
        { "bearer T0ken-S3cret", "the token t0ken-s3cret is over" },
        { "Token t0ken-s3cret", "the token 't0ken-s3cret'" },
        { $"Bearer {Jwt}", "the payload eyJzdWIiOiJhbGljZSJ9 has no audience" },
        { $"Bearer {Jwt}", "it begins with eyJhbGciOiJIUz" },
        { $"Bearer {Jwt}", "the signature …UJU1p1r_wW1g… is wrong" },
        { $"Bearer {Jwt}", "not for {\"sub\":\"alice\"}" },
        { "Basic YWxpY2U6aHVudGVyMg==", "no user alice with the password hunter2" },
        { "Basic YWxpY2U6aHVudGVyMg==", "alice:hunter2" },
        { "Basic YWxpY2U6aHVudGVyMg==", "YWxpY2U6aHVudGVyMg is wrong" },
        { "alice:hunter2", "wrong password hunter2" },
        { "alice:hunter2", "YWxpY2U6aHVudGVyMg==" },
        { "hunter2", "me:hunter2 is bWU6aHVudGVyMg== and YWxpY2U6aHVudGVyMg==" },
        { "hunter2", "68756e74657232" },
        { "hunter2", "68756E74657232" },
        { "a&b<c\"d-secret", "a&amp;b&lt;c&quot;d-secret" },
        { "a&b<c\"d-secret", "a%26b%3Cc%22d-secret" },
        { "a&b<c\"d-secret", "a\\u0026b\\u003Cc\\u0022d-secret" },
        { "a%26b-secret", "a&b-secret" },
        { "session=0a1b2c3d; theme=dark-blue", "the session 0a1b2c3d is over" },
        { "session=0a1b2c3d; theme=dark-blue", "dark-blue" },
        { "key=0a1b2c3d", "0a1b2c3d" },
        { "Digest username=\"alice\", realm=\"films\", response=\"6629fae4\"", "alice 6629fae4" },
        { """{"viewer":"alice-42","pin":{"code":"hunter2"}}""", "the viewer alice-42 gave hunter2" },
    };

    [Theory]
    [MemberData(nameof(Repeated))]
    public void What_a_service_repeats_of_a_secret_is_masked(string secret, string said)
    {
        SecretTexts texts = new();
        texts.AddSecret(secret);
        string shown = texts.Mask(said);
        shown.Should().Contain(Redactor.Mask);
        foreach (string piece in (string[])["s3cr", "hunter2", "aHVudGVyMg", "h1bnRlcjI", "68756e74", "68756E74", "alice", "0a1b2c3d", "dark-blue", "6629fae4", "eyJ", "UJU1p1r", "d-secret", "b-secret"])
            shown.Should().NotContain(piece);
    }

    [Theory]
    [InlineData("Bearer t0ken-s3cret", "Bearer tokens are not taken here")]
    [InlineData("Basic YWxpY2U6aHVudGVyMg==", "Basic authentication is off")]
    [InlineData("Digest username=\"alice\", realm=\"films\", response=\"6629fae4\"", "no films for you")]
    [InlineData("abc", "abc stays: it is a word")]
    [InlineData("tok-0123456789abcdef", "code 0123456 at 09:12:45")]
    public void What_belongs_to_no_secret_stays(string secret, string said)
    {
        SecretTexts texts = new();
        texts.AddSecret(secret);
        texts.Mask(said).Should().Be(said);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Piece_of_bytes_in_base64_is_masked_wherever_it_begins(int before)
    {
        byte[] challenge = Encoding.ASCII.GetBytes("the challenge of a device, with what only the service may know");
        SecretTexts texts = new();
        texts.AddBytes(new ReadOnlySequence<byte>(challenge));
        string encoded = Convert.ToBase64String([.. new byte[before], .. challenge]);
        texts.Mask($"cannot read {encoded[12..28]} of it").Should().Be("cannot read *** of it");
        texts.Mask(Convert.ToHexString(challenge)).Should().Be("***");
    }

    [Fact]
    public void Nothing_is_masked_once_it_is_cleared()
    {
        SecretTexts texts = new();
        texts.AddSecret("Bearer t0ken-s3cret");
        texts.Clear();
        texts.Mask("t0ken-s3cret").Should().Be("t0ken-s3cret");
    }
}
