namespace Keyway.Hosting;

/// <summary>What a name of a file system stands for.</summary>
internal enum UnixFileKind
{
    Other = 0,
    File,
    Folder,
    Link,
    Pipe,
    Socket,
    Device,
}
