using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Keyway.Plugins;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway.Hosting;

public sealed class FileLicenseStoreTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly byte[] Key = SHA256.HashData("a key for tests"u8);
    private static readonly byte[] Saved = Encoding.ASCII.GetBytes("the licence as its key system saved it");

    private readonly string _root = Directory.CreateTempSubdirectory("keyway-store-").FullName;
    private readonly List<FileLicenseStore> _stores = [];
    private int _folders;

    public static TheoryData<string> Promises => [.. LicenseStoreConformance.Promises];

    private string Folder => Path.Combine(_root, "licenses");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        foreach (FileLicenseStore store in _stores) store.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Promises))]
    public Task Folder_keeps_the_promise(string promise) => new LicenseStoreConformance(() => Open(folder: Path.Combine(_root, $"{_folders++}"))).CheckAsync(promise);

    [Fact]
    public async Task File_is_what_its_drawing_says()
    {
        StoredLicense license = LicenseStoreConformance.Example(Noon);
        await Open().AddAsync(license, Saved, Token);
        byte[] file = await File.ReadAllBytesAsync(PathOf(license), Token);

        // Read with nothing of the store's: the layout, AES-256-GCM and JSON.
        Encoding.ASCII.GetString(file, 0, 8).Should().Be("keywaylc");
        file[8..12].Should().Equal(0, 0, 0, 1);
        file[12..20].Should().Equal(HMACSHA256.HashData(Key, "keyway license store"u8)[..8]);
        Convert.ToHexStringLower(file, 20, 16).Should().Be(license.Id.ToString());
        using AesGcm cipher = new(Key, 16);
        byte[] clear = new byte[file.Length - 64];
        cipher.Decrypt(file.AsSpan(36, 12), file.AsSpan(48, clear.Length), file.AsSpan(file.Length - 16), clear, file.AsSpan(0, 48));
        int facts = (clear[0] << 24) | (clear[1] << 16) | (clear[2] << 8) | clear[3];
        clear[(4 + facts)..].Should().Equal(Saved);
        using System.Text.Json.JsonDocument json = System.Text.Json.JsonDocument.Parse(clear.AsMemory(4, facts));
        json.RootElement.GetProperty("keySystem").GetString().Should().Be("fake");
        json.RootElement.GetProperty("created").GetInt64().Should().Be(Noon.UtcTicks);
    }

    [Fact]
    public async Task Nothing_that_is_stored_can_be_read_in_the_folder_and_nobody_else_can_enter_it()
    {
        StoredLicense license = LicenseStoreConformance.Example(Noon);
        FileLicenseStore store = Open();
        await store.AddAsync(license, Saved, Token);
        await store.ChangeAsync(license.Id, old => old with { LastSeen = Noon.AddDays(1) }, default, Token);
        Directory.GetFiles(Folder).Select(Path.GetFileName).Should().BeEquivalentTo(".lock", $"{license.Id}.license");
        foreach (string file in Directory.GetFiles(Folder))
        {
            string text = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Token));
            text.Should().NotContain("licence").And.NotContain("license.example").And.NotContain(license.Keys[0].Id.ToString());
            if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(Folder).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task Each_writing_has_a_nonce_of_its_own()
    {
        StoredLicense license = LicenseStoreConformance.Example(Noon);
        FileLicenseStore store = Open();
        HashSet<string> nonces = [];
        await store.AddAsync(license, Saved, Token);
        for (int i = 0; i < 20; i++)
        {
            nonces.Add(Convert.ToHexString(await File.ReadAllBytesAsync(PathOf(license), Token), 36, 12)).Should().BeTrue();
            await store.ChangeAsync(license.Id, old => old with { LastSeen = Noon }, default, Token);
        }
    }

    [Fact]
    public async Task Change_of_nothing_writes_nothing()
    {
        StoredLicense license = LicenseStoreConformance.Example(Noon);
        FileLicenseStore store = Open();
        await store.AddAsync(license, Saved, Token);
        byte[] before = await File.ReadAllBytesAsync(PathOf(license), Token);
        await store.ChangeAsync(license.Id, old => old, default, Token);
        (await File.ReadAllBytesAsync(PathOf(license), Token)).Should().Equal(before);
    }

    [Fact]
    public async Task Every_changed_bit_is_found_out_told_and_harms_no_other_licence()
    {
        StoredLicense license = LicenseStoreConformance.Example(Noon);
        StoredLicense good = LicenseStoreConformance.Example(Noon.AddDays(1));
        FileLicenseStore store = Open();
        await store.AddAsync(license, Saved, Token);
        await store.AddAsync(good, Saved, Token);
        byte[] file = await File.ReadAllBytesAsync(PathOf(license), Token);
        for (int bit = 0; bit < file.Length * 8; bit += bit < 64 * 8 ? 1 : 29)
        {
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            await File.WriteAllBytesAsync(PathOf(license), file, Token);
            StoredLicenseList list = await store.ListAsync(Token);
            list.Licenses.Should().ContainSingle($"bit {bit} was turned").Which.Id.Should().Be(good.Id);
            list.Problems.Should().ContainSingle().Which.Where.Should().Be(PathOf(license));
            await Refuses(() => store.ReadAsync(license.Id, Token).AsTask());
            await Refuses(() => store.ChangeAsync(license.Id, old => old, Saved, Token).AsTask());
            file[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        await File.WriteAllBytesAsync(PathOf(license), file, Token);
        (await store.ListAsync(Token)).Licenses.Should().HaveCount(2);
    }

    [Fact]
    public async Task File_that_was_cut_short_is_told()
    {
        StoredLicense license = LicenseStoreConformance.Example(Noon);
        FileLicenseStore store = Open();
        await store.AddAsync(license, Saved, Token);
        byte[] file = await File.ReadAllBytesAsync(PathOf(license), Token);
        for (int length = 0; length < file.Length; length += 7)
        {
            await File.WriteAllBytesAsync(PathOf(license), file[..length], Token);
            (await store.ListAsync(Token)).Should().Match<StoredLicenseList>(list => list.Licenses.Count == 0 && list.Problems.Count == 1);
        }
    }

    [Fact]
    public async Task What_does_not_belong_there_is_told_and_left_alone()
    {
        StoredLicense license = LicenseStoreConformance.Example(Noon);
        FileLicenseStore store = Open();
        await store.AddAsync(license, Saved, Token);
        string renamed = Path.Combine(Folder, $"{StoredLicenseId.Create()}.license");
        File.Copy(PathOf(license), renamed);
        await File.WriteAllTextAsync(Path.Combine(Folder, "notes.txt"), "mine", Token);
        await File.WriteAllTextAsync(Path.Combine(Folder, $"{Guid.NewGuid():N}.license"), "not a licence", Token);
        string folder = Path.Combine(Folder, $"{Guid.NewGuid():N}.license");
        Directory.CreateDirectory(folder);
        string link = Path.Combine(Folder, $"{Guid.NewGuid():N}.license");
        File.CreateSymbolicLink(link, PathOf(license));

        StoredLicenseList list = await store.ListAsync(Token);
        list.Licenses.Should().ContainSingle().Which.Id.Should().Be(license.Id);
        list.Problems.Should().HaveCount(5);
        list.Problems.Should().Contain(new StoredLicenseProblem(renamed, "it is another licence than its name says"))
            .And.Contain(new StoredLicenseProblem(Path.Combine(Folder, "notes.txt"), "it is no stored licence"))
            .And.Contain(new StoredLicenseProblem(folder, "it is no file"))
            .And.Contain(new StoredLicenseProblem(link, "it is a link"));
        Directory.GetFileSystemEntries(Folder).Should().HaveCount(7);
    }

    [Fact]
    public async Task Wrong_key_is_told_as_such_and_harms_nothing()
    {
        StoredLicense license = LicenseStoreConformance.Example(Noon);
        await Open().AddAsync(license, Saved, Token);
        FileLicenseStore other = Open(SHA256.HashData("another"u8));
        StoredLicenseList list = await other.ListAsync(Token);
        list.Licenses.Should().BeEmpty();
        list.Problems.Should().ContainSingle().Which.Reason.Should().Contain("another key").And.Contain("license-store");
        (await Refuses(() => other.ReadAsync(license.Id, Token).AsTask())).Message.Should().Contain("another key");
        StoredLicense mine = LicenseStoreConformance.Example(Noon);
        await other.AddAsync(mine, Saved, Token);
        (await Open().ListAsync(Token)).Licenses.Should().ContainSingle().Which.Id.Should().Be(license.Id);
    }

    [Fact]
    public async Task File_of_a_later_version_is_told_as_such()
    {
        StoredLicense license = LicenseStoreConformance.Example(Noon);
        FileLicenseStore store = Open();
        await store.AddAsync(license, Saved, Token);
        byte[] file = await File.ReadAllBytesAsync(PathOf(license), Token);
        file[11] = 2;
        await File.WriteAllBytesAsync(PathOf(license), file, Token);
        (await store.ListAsync(Token)).Problems.Should().ContainSingle().Which.Reason.Should().Be("it is of version 2, and this version reads 1");
    }

    [Fact]
    public async Task Writer_that_crashed_leaves_the_older_file_and_nothing_else()
    {
        StoredLicense license = LicenseStoreConformance.Example(Noon);
        FileLicenseStore store = Open();
        await store.AddAsync(license, Saved, Token);
        string unfinished = Path.Combine(Folder, $".{license.Id}.unfinished");
        await File.WriteAllTextAsync(unfinished, "half", Token);
        (await store.ChangeAsync(license.Id, old => old with { LastSeen = Noon.AddDays(1) }, default, Token)).Should().NotBeNull();
        File.Exists(unfinished).Should().BeFalse("its name was taken over");
        await File.WriteAllTextAsync(unfinished, "half", Token);
        (await store.ListAsync(Token)).Should().Match<StoredLicenseList>(list => list.Licenses.Count == 1 && list.Problems.Count == 0);
        File.Exists(unfinished).Should().BeFalse();
    }

    [Fact]
    public async Task Processes_that_share_a_folder_take_turns()
    {
        // A lock of its own each, as processes have.
        FileLicenseStore[] stores = [Open(), Open(), Open()];
        StoredLicense license = LicenseStoreConformance.Example(Noon);
        await stores[0].AddAsync(license, Saved, Token);
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(
            async () => await stores[i % 3].ChangeAsync(license.Id, old => old with { LastSeen = old.LastSeen.AddSeconds(1) }, default, Token), Token)));
        using StoredLicenseContent? read = await stores[0].ReadAsync(license.Id, Token);
        read!.License.LastSeen.Should().Be(license.LastSeen.AddSeconds(60));
    }

    [Fact]
    public async Task Folder_that_others_may_enter_is_refused()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("rights are Unix's");
        else
        {
            Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute);
            (await Refuses(() => Open().ListAsync(Token).AsTask())).Message.Should().Contain(Folder).And.Contain("chmod 700");
            (await Refuses(() => Open().AddAsync(LicenseStoreConformance.Example(Noon), Saved, Token).AsTask())).Message.Should().Contain("chmod 700");
        }
    }

    [Fact]
    public async Task Folder_that_is_not_there_holds_nothing_and_needs_no_key()
    {
        FileLicenseStore store = new(Folder, _ => throw new SecretException("license-store", "not found"));
        _stores.Add(store);
        (await store.ListAsync(Token)).Licenses.Should().BeEmpty();
        Directory.Exists(Folder).Should().BeFalse();
        (await Refuses(() => store.AddAsync(LicenseStoreConformance.Example(Noon), Saved, Token).AsTask())).Message.Should().Contain("license-store").And.Contain("not found");
        Directory.Exists(Folder).Should().BeFalse();
    }

    [Fact]
    public async Task Name_that_is_a_file_is_refused_with_its_path()
    {
        await File.WriteAllTextAsync(Folder, "", Token);
        (await Refuses(() => Open().AddAsync(LicenseStoreConformance.Example(Noon), Saved, Token).AsTask())).Message.Should().Contain(Folder);
    }

    [Theory]
    [InlineData("hex")]
    [InlineData("HEX\n")]
    [InlineData("base64")]
    [InlineData("base64\r\n")]
    public async Task Key_may_be_written_as_text(string form)
    {
        StoredLicense license = LicenseStoreConformance.Example(Noon);
        await Open().AddAsync(license, Saved, Token);
        string text = form.TrimEnd() switch { "hex" => Convert.ToHexStringLower(Key), "HEX" => Convert.ToHexString(Key), _ => Convert.ToBase64String(Key) };
        (await Open(Encoding.ASCII.GetBytes(text + form[form.TrimEnd().Length..])).ListAsync(Token)).Licenses.Should().ContainSingle();
    }

    [Theory]
    [InlineData("")]
    [InlineData("too short")]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")]
    public async Task Key_of_any_other_form_is_refused_and_not_repeated(string secret)
    {
        string message = (await Refuses(() => Open(Encoding.ASCII.GetBytes(secret)).AddAsync(LicenseStoreConformance.Example(Noon), Saved, Token).AsTask())).Message;
        message.Should().Contain("32 bytes");
        if (secret.Length > 0) message.Should().NotContain(secret);
    }

    [Fact]
    public async Task Secret_is_asked_for_once_and_cleared()
    {
        int asked = 0;
        byte[] handed = [.. Key];
        FileLicenseStore store = new(Folder, _ =>
        {
            asked++;
            return new ValueTask<IMemoryOwner<byte>>(new Secret(handed));
        });
        _stores.Add(store);
        await store.AddAsync(LicenseStoreConformance.Example(Noon), Saved, Token);
        await store.ListAsync(Token);
        asked.Should().Be(1);
        handed.Should().OnlyContain(value => value == 0);
        store.Dispose();
        Func<Task> use = async () => await store.ListAsync(Token);
        await use.Should().ThrowAsync<ObjectDisposedException>();
    }

    private FileLicenseStore Open(byte[]? secret = null, string? folder = null)
    {
        FileLicenseStore store = new(folder ?? Folder, _ => new ValueTask<IMemoryOwner<byte>>(new Secret([.. secret ?? Key])));
        _stores.Add(store);
        return store;
    }

    private string PathOf(StoredLicense license) => Path.Combine(Folder, $"{license.Id}.license");

    private static async Task<LicenseStoreException> Refuses(Func<Task> call) => (await call.Should().ThrowAsync<LicenseStoreException>()).Which;

    private sealed class Secret(byte[] bytes) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => bytes;

        public void Dispose() => Array.Clear(bytes);
    }
}
