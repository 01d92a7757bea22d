using System.Globalization;
using System.Runtime.Versioning;

namespace Keyway.Hosting.Plugins;

/// <summary>Looks who may change a plugin's files, or put others in their place.</summary>
/// <remarks>
/// The rule is that of sshd's <c>StrictModes</c>, for the folder, everything in it, every folder above it, and whatever links lead to with every folder
/// above that: it belongs to root or to the user whose rights this process has, and nobody else may write to it. For root, that is root alone.
/// Two things are let pass. A group whose only members are root and that user is no stranger: where each user has a group of his own, and the usual mask is 002,
/// all that he builds is writable to that group. And of a folder with the sticky bit (<c>/tmp</c>) nobody can take what is another's, so that there
/// the owner of what lies in it is enough.
/// </remarks>
internal static class PluginFolderRights
{
    private const int MostLinks = 40;   // as Linux has it
    private const uint Root = 0;

    /// <summary>Finds a file or folder that somebody else may write to.</summary>
    /// <param name="folder">The plugin's folder; the folder that it lies in is looked at too, because whoever may write there may put another in its place.</param>
    /// <returns>The problem, or <see langword="null"/>. On Windows always <see langword="null"/>: there the rights of a folder are inherited lists, and the installer's business.</returns>
    public static PluginProblem? Check(string folder)
    {
        if (OperatingSystem.IsWindows()) return null;
        try
        {
            string whole = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
            string parent = Path.GetDirectoryName(whole) ?? whole;
            IEnumerable<string> entries = Directory.EnumerateFileSystemEntries(whole, "*", PluginPin.AllFiles).Prepend(whole).Prepend(parent);
            return OperatingSystem.IsLinux() ? CheckOwners(parent, entries, new Rights(UnixFile.User)) : CheckModes(entries);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new PluginProblem(PluginFault.Unreadable, exception.Message);
        }
    }

    // Where nobody tells who owns a file, its mode is all there is.
    [UnsupportedOSPlatform("windows")]
    private static PluginProblem? CheckModes(IEnumerable<string> entries)
    {
        foreach (string entry in entries)
        {
            // The mode of a link says nothing; what it leads to does.
            FileSystemInfo info = Directory.Exists(entry) ? new DirectoryInfo(entry) : new FileInfo(entry);
            UnixFileMode mode = (info.ResolveLinkTarget(returnFinalTarget: true) ?? info).UnixFileMode;
            if (mode.HasFlag(UnixFileMode.OtherWrite)) return Everybody(entry);
        }

        return null;
    }

    [SupportedOSPlatform("linux")]
    private static PluginProblem? CheckOwners(string parent, IEnumerable<string> entries, Rights rights)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        if (CheckWay(parent, rights, seen) is { } above) return above;
        foreach (string entry in entries)
        {
            if (UnixFile.Of(entry, followLinks: false) is not { } file) continue;   // it has just gone
            if (rights.Judge(entry, file, isOnTheWay: false) is { } problem) return problem;
            if (file.Kind == UnixFileKind.Link && CheckWay(entry, rights, seen) is { } target) return target;
        }

        return null;
    }

    /// <summary>Goes a path from the root down, through every link, and judges each step.</summary>
    [SupportedOSPlatform("linux")]
    private static PluginProblem? CheckWay(string path, Rights rights, HashSet<string> seen)
    {
        string at = "/";
        Stack<string> rest = new(Split(path).Reverse());
        int links = 0;
        for (bool more = true; more; more = Next())
        {
            // The end of the way is looked at in its own right, even where it was a step of another.
            if (!seen.Add(at) && rest.Count > 0) continue;
            if (UnixFile.Of(at, followLinks: false) is not { } file) return new PluginProblem(PluginFault.Unreadable, $"there is no {at}, where {path} leads");
            if (rights.Judge(at, file, isOnTheWay: rest.Count > 0) is { } problem) return problem;
        }

        return links > MostLinks ? new PluginProblem(PluginFault.Unreadable, $"{path} leads through too many links") : null;

        bool Next()
        {
            // A link is left for what it leads to; the steps of that are the next ones.
            if (new FileInfo(at).LinkTarget is { } target)
            {
                if (++links > MostLinks) return false;
                at = target.StartsWith('/') ? "/" : Path.GetDirectoryName(at) ?? "/";
                foreach (string part in Split(target).Reverse()) rest.Push(part);
                return true;
            }

            if (!rest.TryPop(out string? name)) return false;
            at = name switch { "." => at, ".." => Path.GetDirectoryName(at) ?? "/", _ => Path.Combine(at, name) };
            return true;
        }
    }

    private static string[] Split(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private static PluginProblem Everybody(string entry) => new(PluginFault.WritableByOthers, $"everybody may write to {entry}; take that right away (chmod o-w)");

    /// <summary>What one user accepts.</summary>
    [SupportedOSPlatform("linux")]
    private sealed class Rights(uint user)
    {
        private readonly Dictionary<uint, bool> _groups = [];

        public PluginProblem? Judge(string path, UnixFile file, bool isOnTheWay)
        {
            if (!IsOwn(file.Owner))
            {
                string who = user == Root ? "root loads only what root owns" : $"only root and user {Number(user)}, who runs this, may own it";
                return new PluginProblem(PluginFault.WritableByOthers, $"{path} belongs to user {Number(file.Owner)}, who may put anything in its place; {who} (chown)");
            }

            // The mode of a link says nothing.
            if (file.Kind == UnixFileKind.Link) return null;
            if (isOnTheWay && file.Kind == UnixFileKind.Folder && file.Mode.HasFlag(UnixFileMode.StickyBit)) return null;
            if (file.Mode.HasFlag(UnixFileMode.OtherWrite)) return Everybody(path);
            if (!file.Mode.HasFlag(UnixFileMode.GroupWrite)) return null;
            if (UnixFile.HasAccessList(path)) return new PluginProblem(PluginFault.WritableByOthers, $"an access list lets others write to {path}; take that right away (setfacl -b, chmod g-w)");
            return IsOwnGroup(file.Group)
                ? null
                : new PluginProblem(PluginFault.WritableByOthers, $"group {Number(file.Group)} may write to {path}, and others are or may be in it; take that right away (chmod g-w)");
        }

        private bool IsOwn(uint owner) => owner == Root || owner == user || (owner == UserNames.Unmapped && UserNames.HidesOwners);

        private bool IsOwnGroup(uint group)
        {
            if (_groups.TryGetValue(group, out bool known)) return known;
            return _groups[group] = UserNames.MembersOf(group) is { Count: > 0 } members && members.All(member => member == Root || member == user);
        }

        private static string Number(uint number) => number.ToString(CultureInfo.InvariantCulture);
    }
}
