using System.Buffers;
using System.Text;
using Keyway.Plugins;

namespace Keyway.Hosting.Configuration;

public sealed class SecretReaderTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-secrets-").FullName;
    private readonly Dictionary<string, string> _environment = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task File_is_read_byte_for_byte_and_zeroed_when_it_is_given_back()
    {
        byte[] content = [0, 1, 2, 255, (byte)'\n'];
        Write("film", content);

        IMemoryOwner<byte> secret = await Reader("film").ReadAsync("film", Token);
        secret.Memory.ToArray().Should().Equal(content);
        Memory<byte> memory = secret.Memory;
        secret.Dispose();

        memory.ToArray().Should().OnlyContain(value => value == 0);
        secret.Invoking(owner => owner.Memory).Should().Throw<ObjectDisposedException>();
        secret.Dispose();   // twice does no harm
    }

    [Fact]
    public async Task Environment_variable_is_read_where_there_is_no_file()
    {
        _environment["KEYWAY_SECRET_MY_FILM_1"] = "tür";
        (await TextAsync(Reader("my-film.1"), "my-film.1")).Should().Be("tür");

        Write("my-film.1", "file"u8.ToArray());
        (await TextAsync(Reader("my-film.1"), "my-film.1")).Should().Be("file", "files come first");
        (await TextAsync(new SecretReader(new SecretOptions(), [Sections("my-film.1")], _environment.GetValueOrDefault), "my-film.1")).Should().Be("tür");
    }

    [Fact]
    public async Task Secret_that_is_nowhere_is_told_with_the_places_that_were_looked_at() =>
        (await RefusedAsync(Reader("film"), "film")).Should().Contain(_folder).And.Contain("KEYWAY_SECRET_FILM");

    [Fact]
    public async Task Name_that_the_owner_does_not_refer_to_is_refused_although_the_secret_is_there()
    {
        Write("film", "x"u8.ToArray());
        (await RefusedAsync(Reader("other"), "film")).Should().Contain("do not refer to it");
    }

    [Theory]
    [InlineData("")]
    [InlineData("../film")]
    [InlineData("Film")]
    [InlineData(".film")]
    [InlineData("film\n")]
    [InlineData("a/b")]
    [InlineData("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff12345")]
    public async Task Malformed_name_is_refused(string name) => (await RefusedAsync(Reader(name), name)).Should().Contain("not a name of a secret");

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    public async Task File_that_others_may_read_is_refused(UnixFileMode more)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes");
            return;
        }

        Write("film", "x"u8.ToArray());
        File.SetUnixFileMode(Path.Combine(_folder, "film"), OwnerOnly | more);
        _environment["KEYWAY_SECRET_FILM"] = "x";
        (await RefusedAsync(Reader("film"), "film")).Should().Contain("others may read").And.Contain("chmod 600");
    }

    [Fact]
    public async Task Folder_empty_file_and_huge_file_are_refused()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "folder"));
        Write("empty", []);
        Write("huge", new byte[(1 << 20) + 1]);
        (await RefusedAsync(Reader("folder"), "folder")).Should().Contain("it is a folder");
        (await RefusedAsync(Reader("empty"), "empty")).Should().Contain("empty, or not a regular file");
        (await RefusedAsync(Reader("huge"), "huge")).Should().Contain("1 to 1048576 bytes");
    }

    [Fact]
    public async Task Link_inside_the_folder_is_followed_and_one_that_leads_out_is_refused()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows asks for rights to make links");
            return;
        }

        // As an orchestrator mounts secrets: name → ..data/name, ..data → a folder with the date.
        Directory.CreateDirectory(Path.Combine(_folder, "..2026_11_23"));
        Directory.CreateSymbolicLink(Path.Combine(_folder, "..data"), "..2026_11_23");
        Write("..2026_11_23/film", "mounted"u8.ToArray());
        File.CreateSymbolicLink(Path.Combine(_folder, "film"), "..data/film");
        (await TextAsync(Reader("film"), "film")).Should().Be("mounted");

        string outside = Path.GetTempFileName();
        try
        {
            File.WriteAllText(outside, "x");
            File.CreateSymbolicLink(Path.Combine(_folder, "out"), outside);
            (await RefusedAsync(Reader("out"), "out")).Should().Contain("leads out");

            Directory.CreateSymbolicLink(Path.Combine(_folder, "sub"), Path.GetDirectoryName(outside)!);
            File.CreateSymbolicLink(Path.Combine(_folder, "through"), Path.Combine("sub", Path.GetFileName(outside)));
            (await RefusedAsync(Reader("through"), "through")).Should().Contain("leads out");
        }
        finally
        {
            File.Delete(outside);
        }
    }

    [Fact]
    public async Task Plugin_reads_what_its_own_sections_name_and_nothing_else()
    {
        foreach (string name in (string[])["widevine-key", "widevine-client-id", "expressplay-token"]) Write(name, Encoding.ASCII.GetBytes(name));
        KeywayOptions options = Configured.Options(KeywayOptionsTests.Example) with { Secrets = new SecretOptions { Directory = _folder } };

        (await TextAsync(SecretReader.ForPlugin(options, "widevine"), "widevine-key")).Should().Be("widevine-key");
        (await TextAsync(SecretReader.ForPlugin(options, "expressplay"), "expressplay-token")).Should().Be("expressplay-token");
        (await TextAsync(SecretReader.ForProvider(options, options.Providers["expressplay"]), "expressplay-token")).Should().Be("expressplay-token");
        await RefusedAsync(SecretReader.ForPlugin(options, "widevine"), "expressplay-token");
        await RefusedAsync(SecretReader.ForPlugin(options, "clearkey"), "widevine-key");
        await RefusedAsync(SecretReader.ForPlugin(options, "nobody"), "widevine-key");
        await RefusedAsync(SecretReader.ForProvider(options, options.Providers["expressplay"]), "widevine-key");
    }

    private SecretReader Reader(string name) => new(new SecretOptions { Directory = _folder }, [Sections(name)], _environment.GetValueOrDefault);

    private static Microsoft.Extensions.Configuration.IConfigurationSection Sections(string name) =>
        Configured.Section(System.Text.Json.JsonSerializer.Serialize(new { A = new { B = new[] { "x", "secret:" + name } } }));

    private void Write(string name, byte[] content)
    {
        string file = Path.Combine(_folder, name);
        File.WriteAllBytes(file, content);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, OwnerOnly);
    }

    private static async Task<string> TextAsync(SecretReader reader, string name)
    {
        using IMemoryOwner<byte> secret = await reader.ReadAsync(name, Token);
        return Encoding.UTF8.GetString(secret.Memory.Span);
    }

    private static async Task<string> RefusedAsync(SecretReader reader, string name)
    {
        Func<Task> read = async () => (await reader.ReadAsync(name, Token)).Dispose();
        return (await read.Should().ThrowAsync<SecretException>()).Which.Message;
    }
}
