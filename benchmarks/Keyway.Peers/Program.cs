using Keyway.Peers;

if (Settings.Read(args) is not { } settings)
{
    Console.WriteLine(Settings.Usage);
    return 2;
}

string? ffmpeg = Command.Find("ffmpeg");
string? packager = settings.Packager ?? Command.Find("packager") ?? Command.Find("packager-linux-x64");
if (ffmpeg is null || packager is null)
{
    Console.Error.WriteLine("ffmpeg and shaka-packager make the files (apt-get install ffmpeg; npm install shaka-packager, --packager names its program)");
    return 1;
}

Directory.CreateDirectory(settings.Folder);
Console.WriteLine("publishing");
string hello = Publishing.Hello(settings.Folder);
string keyway = settings.Keyway ?? Publishing.Keyway(settings.Folder);
Console.WriteLine("making files");
IReadOnlyList<TestFile> files = new TestFiles(settings, ffmpeg, packager).Make();
// The key of the presentations, for `keyway play`: configuration names secrets, and never holds them.
Environment.SetEnvironmentVariable("KEYWAY_SECRET_BENCH", TestFiles.Key);
IReadOnlyList<Peer> peers = KnownPeers.All(settings, keyway, packager, hello);
string loadBefore = Machine.Load();
List<Result> results = [.. from file in files where settings.Only is null || file.Kind == settings.Only from peer in peers where peer.Takes(file) select new Result(file, peer)];
foreach (Result result in results)
    if (result.Peer.Program is null) result.NotRun = "not run";
foreach (TestFile file in files)
{
    List<Result> here = [.. results.Where(result => result.File == file && result.NotRun is null)];
    Console.WriteLine($"{file.Name}: {string.Join(", ", here.Select(result => result.Peer.Name))}");
    foreach (Result result in here) Rounds.Check(result, ffmpeg, settings.Folder);
    for (int round = 0; round < settings.Rounds; round++)
        foreach (Result result in here)
            if (result.NotRun is null) Rounds.Measure(result, settings.Folder, isBusy: false);
    using BusyCore busy = new();
    for (int round = 0; round < settings.Rounds; round++)
        foreach (Result result in here)
            if (result.NotRun is null) Rounds.Measure(result, settings.Folder, isBusy: true);
}

Report.Write(settings, results, loadBefore);
Console.WriteLine($"written: {settings.Report}");
return results.Any(static result => result.Peer.Name.StartsWith("keyway", StringComparison.Ordinal) && result.Samples != "agree") ? 1 : 0;
