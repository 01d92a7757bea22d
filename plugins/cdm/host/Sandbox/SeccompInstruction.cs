using System.Runtime.InteropServices;

namespace Keyway.Cdm.Host.Sandbox;

/// <summary><c>struct sock_filter</c>: one instruction of a filter of system calls.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct SeccompInstruction(ushort Code, byte IfTrue, byte IfFalse, uint Value);
