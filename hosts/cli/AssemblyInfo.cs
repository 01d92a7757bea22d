using System.Runtime.CompilerServices;

// What is called of the system takes and gives plain numbers and addresses: then calls are compiled ahead of time with the rest.
[assembly: DisableRuntimeMarshalling]
