using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Keyway.Plugins;

namespace Keyway.Hosting.Plugins;

/// <summary>What plugins keep for themselves: by name, encrypted, each plugin for itself, bounded.</summary>
public sealed class PluginStorageTests : IDisposable
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("0f", 32)));

    private readonly string _root = Directory.CreateTempSubdirectory("keyway-storage-").FullName;
    private readonly List<PluginStorage> _made = [];

    private string Folder => Path.Combine(_root, "state");

    [Fact]
    public async Task Values_are_kept_replaced_and_removed_beyond_the_process()
    {
        PluginStorage one = Storage("cdm");
        (await one.ReadAsync("index", Token)).Should().BeNull();
        (await one.RemoveAsync("index", Token)).Should().BeFalse();
        await one.WriteAsync("index", new byte[] { 1, 2, 3 }, Token);
        await one.WriteAsync("index", new byte[] { 4, 5 }, Token);
        await one.WriteAsync("Index", default, Token);
        (await BytesAsync(Storage("cdm"), "index")).Should().Equal(4, 5);
        (await BytesAsync(Storage("cdm"), "Index")).Should().BeEmpty("case counts, and nothing is a value");
        (await one.RemoveAsync("index", Token)).Should().BeTrue();
        (await one.ReadAsync("index", Token)).Should().BeNull();
        Directory.EnumerateFiles(Path.Combine(Folder, "cdm")).Should().ContainSingle();
    }

    [Fact]
    public async Task What_lies_in_the_folder_tells_neither_name_nor_value_and_nobody_else_may_enter()
    {
        await Storage("cdm").WriteAsync("who-watches", "the secret of it"u8.ToArray(), Token);
        string path = Directory.EnumerateFiles(Path.Combine(Folder, "cdm")).Single();
        path.Should().NotContain("who-watches");
        Encoding.Latin1.GetString(await File.ReadAllBytesAsync(path, Token)).Should().NotContain("secret").And.NotContain("watches");
        if (OperatingSystem.IsWindows()) return;
        foreach (string folder in (string[])[Folder, Path.Combine(Folder, "cdm")]) File.GetUnixFileMode(folder).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.GetUnixFileMode(path).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.SetUnixFileMode(Path.Combine(Folder, "cdm"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead);
        (await RefusedAsync(() => Storage("cdm").WriteAsync("a", default, Token).AsTask())).Message.Should().Contain("others may enter");
    }

    [Fact]
    public async Task A_plugin_sees_nothing_of_another_not_even_by_moving_its_files()
    {
        await Storage("cdm").WriteAsync("index", new byte[] { 1 }, Token);
        (await Storage("acme").ReadAsync("index", Token)).Should().BeNull();
        await Storage("acme").WriteAsync("index", new byte[] { 2 }, Token);
        string theirs = Directory.EnumerateFiles(Path.Combine(Folder, "cdm")).Single(), own = Directory.EnumerateFiles(Path.Combine(Folder, "acme")).Single();
        Path.GetFileName(theirs).Should().NotBe(Path.GetFileName(own));
        File.Copy(theirs, own, overwrite: true);
        (await RefusedAsync(() => Storage("acme").ReadAsync("index", Token).AsTask())).Message.Should().Contain("damaged");
    }

    [Theory]
    [InlineData("")]
    [InlineData(".hidden")]
    [InlineData("_own")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("a\\b")]
    [InlineData("a b")]
    [InlineData("é")]
    [InlineData("a\0")]
    public async Task What_is_no_name_is_refused_before_anything_is_touched(string name)
    {
        PluginStorage storage = Storage("cdm");
        foreach (Func<Task> use in (Func<Task>[])[() => storage.ReadAsync(name, Token).AsTask(), () => storage.WriteAsync(name, default, Token).AsTask(), () => storage.RemoveAsync(name, Token).AsTask()])
            (await RefusedAsync(use)).Message.Should().Contain("not a name");
        Directory.Exists(Folder).Should().BeFalse();
    }

    [Fact]
    public async Task Names_and_values_have_their_limits_and_a_refusal_leaves_what_was_there()
    {
        PluginStorage storage = Storage("cdm");
        await storage.WriteAsync(new string('n', 256), new byte[512 << 10], Token);
        (await RefusedAsync(() => storage.WriteAsync(new string('n', 257), default, Token).AsTask())).Message.Should().Contain("not a name");
        (await RefusedAsync(() => storage.WriteAsync("large", new byte[(512 << 10) + 1], Token).AsTask())).Message.Should().Contain("524288");
        for (int i = 0; i < 6; i++) await storage.WriteAsync($"v{i}", new byte[512 << 10], Token);
        (await RefusedAsync(() => storage.WriteAsync("one-more", new byte[512 << 10], Token).AsTask())).Message.Should().Contain("4194304");
        (await storage.ReadAsync("one-more", Token)).Should().BeNull();
        await storage.WriteAsync("v0", new byte[512 << 10], Token);
        await Storage("other").WriteAsync("v", new byte[512 << 10], Token);
    }

    [Fact]
    public async Task What_is_damaged_or_written_under_another_key_is_refused_with_its_place()
    {
        await Storage("cdm").WriteAsync("index", new byte[] { 1, 2, 3, 4 }, Token);
        string path = Directory.EnumerateFiles(Path.Combine(Folder, "cdm")).Single();
        byte[] file = await File.ReadAllBytesAsync(path, Token);
        for (int i = 0; i < file.Length; i++)
        {
            byte[] broken = [.. file];
            broken[i] ^= 1;
            await File.WriteAllBytesAsync(path, broken, Token);
            (await RefusedAsync(() => Storage("cdm").ReadAsync("index", Token).AsTask())).Message.Should().Contain(path);
            await File.WriteAllBytesAsync(path, file[..i], Token);
            await RefusedAsync(() => Storage("cdm").ReadAsync("index", Token).AsTask());
        }

        await File.WriteAllBytesAsync(path, file, Token);
        (await BytesAsync(Storage("cdm"), "index")).Should().Equal(1, 2, 3, 4);
        (await Storage("cdm", RandomNumberGenerator.GetBytes(32)).ReadAsync("index", Token)).Should().BeNull("another key gives the file another name");
        (await RefusedAsync(() => Storage("cdm", [1, 2]).ReadAsync("index", Token).AsTask())).Message.Should().Contain("plugin-storage").And.Contain("32 bytes");
    }

    [Fact]
    public async Task A_host_that_is_not_told_where_refuses_and_says_which_setting_is_missing()
    {
        IPluginStorage none = PluginContext.NoStorage;
        foreach (Func<Task> use in (Func<Task>[])[() => none.ReadAsync("a", Token).AsTask(), () => none.WriteAsync("a", default, Token).AsTask(), () => none.RemoveAsync("a", Token).AsTask()])
            (await RefusedAsync(use)).Message.Should().Contain("Keyway:Plugins:Storage");
    }

    public void Dispose()
    {
        foreach (PluginStorage storage in _made) storage.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<byte[]> BytesAsync(PluginStorage storage, string name)
    {
        using IMemoryOwner<byte>? owner = await storage.ReadAsync(name, Token);
        return owner!.Memory.ToArray();
    }

    private static async Task<PluginStorageException> RefusedAsync(Func<Task> use) => (await use.Should().ThrowAsync<PluginStorageException>()).Which;

    private PluginStorage Storage(string id, byte[]? secret = null)
    {
        PluginStorage storage = new(Folder, id, _ => new(new Lent(secret ?? Secret)));
        _made.Add(storage);
        return storage;
    }

    private sealed class Lent(byte[] bytes) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => bytes;

        public void Dispose()
        {
        }
    }
}
