namespace Keyway.Sources;

public sealed class FileSourceTests : IDisposable
{
    private static readonly CancellationToken None = TestContext.Current.CancellationToken;
    private readonly string _root = FileSource.Resolve(Directory.CreateTempSubdirectory("keyway-").FullName);
    private readonly MediaSources _sources = new(null, TimeProvider.System);

    public FileSourceTests()
    {
        Directory.CreateDirectory(In("shows/sub"));
        File.WriteAllText(In("shows/a.mpd"), "<MPD/>");
        File.WriteAllText(In("shows/sub/b #1 100%.mp4"), "0123456789");
        File.WriteAllText(In("outside.mp4"), "secret");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task A_file_is_read_whole_or_in_part_and_is_seekable()
    {
        Uri file = MediaSources.AddressOf(In("shows/sub/b #1 100%.mp4"));
        (await Read(file, file)).Should().Be("0123456789");
        (await Read(Manifest, file, new ByteRange(3, 5))).Should().Be("345");
        (await Read(Manifest, file, new ByteRange(8, null))).Should().Be("89");
        await using Stream part = await _sources.OpenAsync(ContentOrigin.Of(Manifest), file, new ByteRange(2, 7), cancellationToken: None);
        part.Length.Should().Be(6);
        part.Seek(-1, SeekOrigin.End);
        part.ReadByte().Should().Be('7');
        part.ReadByte().Should().Be(-1);
    }

    [Fact]
    public async Task A_range_that_passes_the_end_stops_there_and_one_beyond_it_is_refused()
    {
        // RFC 9110, 14.1.2.
        Uri file = MediaSources.AddressOf(In("shows/sub/b #1 100%.mp4"));
        int length = (await Read(Manifest, file)).Length;
        (await Read(Manifest, file, new ByteRange(1, length + 5))).Should().HaveLength(length - 1);
        Func<Task> read = () => Read(Manifest, file, new ByteRange(length, length + 5));
        await read.Should().ThrowAsync<SourceException>();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_that_is_cut_while_it_is_read_is_an_error_and_not_an_end(bool range)
    {
        string file = In("shows/long.m4s");
        await File.WriteAllBytesAsync(file, new byte[1 << 20], None);
        await using Stream stream = await _sources.OpenAsync(ContentOrigin.Of(Manifest), MediaSources.AddressOf(file), range ? new ByteRange(10, null) : null, cancellationToken: None);
        await stream.ReadExactlyAsync(new byte[1000], None);
        await using (FileStream other = new(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) other.SetLength(1 << 18);
        Func<Task> read = () => stream.CopyToAsync(Stream.Null, None);
        (await read.Should().ThrowAsync<SourceException>()).Which.Message.Should().Contain(file).And.Contain("shorter");
    }

    [Theory]
    [InlineData("outside.mp4")]
    [InlineData("shows/../outside.mp4")]
    [InlineData("shows/missing.mp4")]
    [InlineData("shows/sub")]
    public async Task What_is_outside_missing_or_a_folder_is_refused(string name)
    {
        Func<Task> read = () => Read(Manifest, MediaSources.AddressOf(In(name)));
        await read.Should().ThrowAsync<SourceException>();
    }

    [Fact]
    public async Task A_link_to_outside_is_refused_and_one_to_inside_is_followed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        File.CreateSymbolicLink(In("shows/out.mp4"), "../outside.mp4");
        Directory.CreateSymbolicLink(In("shows/up"), _root);
        File.CreateSymbolicLink(In("shows/in.mp4"), "sub/b #1 100%.mp4");
        File.CreateSymbolicLink(In("shows/loop.mp4"), "loop.mp4");
        (await Read(Manifest, MediaSources.AddressOf(In("shows/in.mp4")))).Should().Be("0123456789");
        foreach (string name in new[] { "shows/out.mp4", "shows/up/outside.mp4", "shows/loop.mp4" })
        {
            Func<Task> read = () => Read(Manifest, MediaSources.AddressOf(In(name)));
            await read.Should().ThrowAsync<SourceException>(name);
        }

        // What the user names may be any link.
        Uri named = MediaSources.AddressOf(In("shows/out.mp4"));
        (await Read(named, named)).Should().Be("secret");
    }

    [Fact]
    public async Task A_manifest_behind_a_linked_folder_finds_its_files()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        Directory.CreateSymbolicLink(In("alias"), "shows");
        Uri manifest = MediaSources.AddressOf(In("alias/a.mpd"));
        (await Read(manifest, MediaSources.AddressOf(In("alias/sub/b #1 100%.mp4")))).Should().Be("0123456789");
    }

    [Theory]
    [InlineData("file://server/share/a.mpd")]
    [InlineData("file:////server/share/a.mpd")]
    public async Task Unc_paths_are_refused_even_when_the_user_names_them(string url)
    {
        Func<Task> open = async () => await _sources.OpenAsync(new Uri(url), None);
        await open.Should().ThrowAsync<SourceException>().WithMessage("*UNC*");
    }

    [Fact]
    public async Task Http_without_a_client_is_refused()
    {
        Func<Task> open = async () => await _sources.OpenAsync(new Uri("https://a.example/"), None);
        await open.Should().ThrowAsync<SourceException>();
    }

    private Uri Manifest => MediaSources.AddressOf(In("shows/a.mpd"));

    private string In(string name) => Path.Combine(_root, name.Replace('/', Path.DirectorySeparatorChar));

    private async Task<string> Read(Uri origin, Uri file, ByteRange? range = null)
    {
        await using Stream stream = await _sources.OpenAsync(ContentOrigin.Of(origin), file, range, cancellationToken: None);
        using StreamReader reader = new(stream);
        return await reader.ReadToEndAsync(None);
    }

    [Fact]
    public void A_folder_that_is_open_is_its_own_name()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("/proc is Linux's");
        FileSource.Resolve("/proc/self/fd/0").Should().Be("/proc/self/fd/0");
        FileSource.Resolve("/proc/self/fd/7/a/../b.mp4").Should().Be("/proc/self/fd/7/b.mp4");
        FileSource.Resolve("/proc/self/fd").Should().NotBe("/proc/self/fd", "self is a link like any other");
    }
}
