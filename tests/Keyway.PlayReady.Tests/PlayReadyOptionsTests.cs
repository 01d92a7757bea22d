using Keyway.Licensing;
using Keyway.PlayReady.Issuer;

namespace Keyway.PlayReady;

public sealed class PlayReadyOptionsTests
{
    [Fact]
    public void Defaults_are_these()
    {
        PlayReadyOptions options = TestWorld.Read();
        options.Should().BeEquivalentTo(new PlayReadyOptions
        {
            Robustness = 150,
            ClientVersion = "4.0.0.0",
            ResponseSigning = ResponseSigning.Persistent,
            RevocationInfo = 0,
            MaxLicenses = 64,
        });
    }

    [Fact]
    public void Public_keys_are_read_in_every_form()
    {
        TestKey key = new();
        byte[] point = key.PublicKey;
        string[] forms =
        [
            Convert.ToHexString(point), Convert.ToHexStringLower(point), Convert.ToBase64String(point),
            Convert.ToBase64String([4, .. point]), Convert.ToHexString([4, .. point]), key.SpkiPem(),
            string.Concat(key.SpkiPem().Split('\n').Where(line => !line.StartsWith('-'))),
        ];
        foreach (string form in forms)
        {
            PlayReadyOptions options = TestWorld.Read(("ServerKey", form), ("Roots:a:PublicKey", form), ("Roots:a:Development", "true"));
            options.ServerKey.ToArray().Should().Equal(point);
            PlayReadyRoot root = options.Roots.Should().ContainSingle().Which;
            (root.Name, root.Development).Should().Be(("a", true));
            root.PublicKey.ToArray().Should().Equal(point);
        }
    }

    [Fact]
    public void Public_keys_are_read_from_files()
    {
        TestKey key = new();
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllBytes(path, key.PublicKey);
        try
        {
            PlayReadyOptions options = TestWorld.Read(("ServerKeyFile", path), ("Roots:a:File", path));
            options.ServerKey.ToArray().Should().Equal(key.PublicKey);
            options.Roots.Should().ContainSingle().Which.Development.Should().BeFalse();
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Every_error_is_reported_with_its_path_and_without_the_secret()
    {
        Action read = () => TestWorld.Read(
            ("Chain", "Q0hBSQAAAAE"), ("SignKey", "secret:sign"), ("Typo", "x"), ("Robustness", "200"), ("ClientVersion", "4.0"), ("ResponseSigning", "Never"),
            ("RevocationInfo", "-1"), ("MaxLicenses", "0"), ("ServerKey", "AAAA"), ("Roots:a:Developement", "true"), ("Roots:b:File", "relative"));
        LicenseServiceException refusal = read.Should().Throw<LicenseServiceException>().Which;
        refusal.Kind.Should().Be(LicenseErrorKind.CredentialInvalid);
        refusal.Message.Should().NotContain("Q0hBSQAAAAE");
        foreach (string path in (string[])["Settings:Chain:", "Settings:Typo:", "Settings:Robustness:", "Settings:ClientVersion:", "Settings:ResponseSigning:", "Settings:RevocationInfo:", "Settings:MaxLicenses:", "Settings:ServerKey:", "Settings:Roots:a:Developement:", "Settings:Roots:a:", "Settings:Roots:b:File:"])
            refusal.Message.Should().Contain(path);
    }

    [Fact]
    public void Credential_needs_all_its_parts_a_root_and_a_server_key()
    {
        Action partial = () => TestWorld.Read(("Chain", "secret:a"));
        partial.Should().Throw<LicenseServiceException>().WithMessage("*belong together*");
        Action alone = () => TestWorld.Read(("Chain", "secret:a"), ("SignKey", "secret:b"), ("EncryptKey", "secret:c"));
        alone.Should().Throw<LicenseServiceException>().WithMessage("*Roots*ServerKey*");
    }
}
