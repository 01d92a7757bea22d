namespace Keyway.Hosting.Plugins;

/// <summary>Looks who may change a plugin's files.</summary>
internal static class PluginFolderRights
{
    /// <summary>
    /// Finds a file or folder that everybody may write to. The group is not asked: where each user has a group of his own, and the usual mask is 002,
    /// all that he builds is writable to that group.
    /// </summary>
    /// <param name="folder">The plugin's folder; the folder that it lies in is looked at too, because whoever may write there may put another in its place.</param>
    /// <returns>The problem, or <see langword="null"/>. On Windows always <see langword="null"/>: there the rights of a folder are inherited lists, and the installer's business.</returns>
    public static PluginProblem? Check(string folder)
    {
        if (OperatingSystem.IsWindows()) return null;
        try
        {
            IEnumerable<string> entries = Directory.EnumerateFileSystemEntries(folder, "*", PluginPin.AllFiles);
            foreach (string entry in entries.Prepend(folder).Prepend(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))) ?? folder))
            {
                // The mode of a link says nothing; what it leads to does.
                FileSystemInfo info = Directory.Exists(entry) ? new DirectoryInfo(entry) : new FileInfo(entry);
                UnixFileMode mode = (info.ResolveLinkTarget(returnFinalTarget: true) ?? info).UnixFileMode;
                if (mode.HasFlag(UnixFileMode.OtherWrite)) return new PluginProblem(PluginFault.WritableByOthers, $"everybody may write to {entry}; take that right away (chmod o-w)");
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new PluginProblem(PluginFault.Unreadable, exception.Message);
        }

        return null;
    }
}
