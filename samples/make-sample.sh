#!/usr/bin/env bash
#
# Remakes the sample content in the folder where this script stands:
# cenc/, cbcs/, hls/, expected/ and keys.json. See README.md for what they are.
#
# Needs:    bash, awk, cmp, ffmpeg with libx264 (made with 5.1), and Shaka Packager.
# Packager: the path in $PACKAGER, or else the npm package shaka-packager, which
#           is then installed into a temporary folder and removed afterwards.
#
# Nothing in the folder is touched until every check has passed.

set -euo pipefail

readonly PACKAGER_VERSION=3.4.2
readonly MAX_BYTES=3500000

# Public test keys. They protect nothing but this sample.
readonly HD_KID=d2aca19319b8ca2fa0315b7842893e3a
readonly HD_KEY=1ad800b533458b71332d079ebb47c7dd
readonly SD_KID=e4c06923e61b099ad7346945b908a3af
readonly SD_KEY=23e4bf1e5af0e97ae92b38b6971edf19
readonly AUDIO_KID=c5d31c60dee014a6f849c8f291262343
readonly AUDIO_KEY=35ba5fc50100a9577c8d46a44e58a13b

# Fixed initialisation vectors, so that the encrypted files come out the same
# every time: 8 bytes for cenc, 16 bytes for cbcs.
readonly HD_CENC_IV=00e2c2938730b133
readonly SD_CENC_IV=12a0132623dbb516
readonly AUDIO_CENC_IV=24710d1b8b318039
readonly HD_CBCS_IV=2970f2c65bb077f7c6c8255a9ce6657c
readonly SD_CBCS_IV=c34729abdde4820b841c05dbbaf1dc66
readonly AUDIO_CBCS_IV=ba9c0e5cf26a4a5ba53120864d408b5d

fail() {
  printf 'make-sample: %s\n' "$*" >&2
  exit 1
}

say() {
  printf '%s\n' "$*"
}

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

command -v ffmpeg >/dev/null || fail "ffmpeg is not installed"
# (The list is read to its end, so that ffmpeg does not die of a closed pipe.)
ffmpeg -hide_banner -encoders 2>/dev/null | awk '$2 == "libx264" { found = 1 } END { exit !found }' ||
  fail "this ffmpeg has no libx264 encoder"

# --- Shaka Packager ---------------------------------------------------------

packager="${PACKAGER:-}"
if [ -z "$packager" ]; then
  command -v npm >/dev/null || fail "set PACKAGER to the packager binary, or install npm"
  say "Installing shaka-packager $PACKAGER_VERSION ..."
  npm install --prefix "$work/npm" --no-save --no-audit --no-fund --loglevel=error \
    "shaka-packager@$PACKAGER_VERSION" >/dev/null
  # The wrapper of the npm package hides a failure of the binary (its exit code
  # is always 0), so the binary is called directly.
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) binary=packager-linux-x64 ;;
    Linux-aarch64 | Linux-arm64) binary=packager-linux-arm64 ;;
    Darwin-x86_64) binary=packager-osx-x64 ;;
    Darwin-arm64) binary=packager-osx-arm64 ;;
    *) fail "the npm package has no binary for this machine; set PACKAGER" ;;
  esac
  packager="$work/npm/node_modules/shaka-packager/bin/$binary"
  chmod +x "$packager"
elif [[ "$packager" == */* ]]; then
  # Made absolute, because the packager is run from other folders below.
  packager="$(cd "$(dirname "$packager")" && pwd)/$(basename "$packager")"
fi
"$packager" --version >/dev/null 2>&1 || fail "cannot run the packager: $packager"
say "$("$packager" --version 2>/dev/null)"

# --- Clear encode -----------------------------------------------------------

clear="$work/clear"
mkdir "$clear"

# No SIMD in ffmpeg and no choice by CPU in x264: the result then does not
# depend on the processor. One thread, no tags, no encoder name, no dates.
ff() {
  ffmpeg -nostdin -hide_banner -v error -y -cpuflags 0 -filter_threads 1 \
    -filter_complex_threads 1 "$@"
}
common=(-map_metadata -1 -fflags +bitexact -threads 1)
scaler='flags=neighbor+accurate_rnd+bitexact'
# The encoder's information message (SEI type 6) is taken out.
video=(-an -c:v libx264 -preset veryslow -refs 4 -bf 3 -g 50 -keyint_min 50 -sc_threshold 0
  -pix_fmt yuv420p -flags:v +bitexact -bsf:v 'filter_units=remove_types=6')
x264=cpu-independent=1:threads=1:open-gop=0

say "Encoding ..."
# The picture is drawn once, at 320x180, with its time and its frame number in
# it; the larger size is the same picture with every pixel doubled.
ff -f lavfi -i "testsrc2=size=320x180:rate=25:duration=20" \
  -vf "scale=640:360:$scaler" "${video[@]}" -profile:v high -crf 34 \
  -x264-params "$x264:aud=1:slices=2" "${common[@]}" "$clear/video-360.mp4"
ff -f lavfi -i "testsrc2=size=320x180:rate=25:duration=20" \
  "${video[@]}" -profile:v main -crf 36 \
  -x264-params "$x264" "${common[@]}" "$clear/video-180.mp4"
# Left: 330 Hz and a short beep every second. Right: 495 Hz.
ff -f lavfi -i "sine=frequency=330:beep_factor=2:sample_rate=48000:duration=20" \
  -f lavfi -i "sine=frequency=495:sample_rate=48000:duration=20" \
  -filter_complex "[0:a][1:a]join=inputs=2:channel_layout=stereo[a]" -map "[a]" \
  -c:a aac -profile:a aac_low -b:a 48k -flags:a +bitexact \
  "${common[@]}" "$clear/audio.mp4"

for track in video-360 video-180 audio; do
  ffmpeg -nostdin -v error -xerror -i "$clear/$track.mp4" -f null - >"$work/decode.log" 2>&1 ||
    fail "the clear $track does not decode"
  [ ! -s "$work/decode.log" ] || fail "the clear $track decodes with messages"
done

# --- Tables of the clear samples --------------------------------------------

# samples FILE [OPTION...]: index, size and MD5 of every stored sample of FILE, in
# decoding order. The options go to ffmpeg in front of the file. Edit lists are
# ignored, so that priming samples are listed too; "-seekable 0" makes ffmpeg 5.1
# read the encryption data of every fragment. ffmpeg also tries to decode a little
# to probe the stream, and its complaints about encrypted samples mean nothing.
samples() {
  local file="$1"
  shift
  ffmpeg -nostdin -v quiet -seekable 0 -ignore_editlist 1 "$@" -i "$file" \
    -map 0:0 -c copy -f framemd5 - |
    awk -F', *' -v OFS='\t' '!/^#/ { print n++, $5, $6 }'
}

new="$work/new"
mkdir -p "$new/expected" "$new/cenc" "$new/cbcs"
for track in video-360 video-180 audio; do
  {
    printf '# %s: the clear samples as stored in MP4, in decoding order. Columns: index, size in bytes, MD5.\n' "$track"
    samples "$clear/$track.mp4"
  } >"$new/expected/$track.tsv"
done

# --- Keys -------------------------------------------------------------------

cat >"$new/keys.json" <<JSON
{
  "keys": [
    { "label": "HD", "kid": "$HD_KID", "key": "$HD_KEY" },
    { "label": "SD", "kid": "$SD_KID", "key": "$SD_KEY" },
    { "label": "AUDIO", "kid": "$AUDIO_KID", "key": "$AUDIO_KEY" }
  ]
}
JSON

# --- Packaging --------------------------------------------------------------

# The fake clock sets the creation times in the files to zero. With several
# threads the numbering of the adaptation sets depends on timing. The streams are
# given in the packager's own order (audio, then video by rising height): in any
# other order the adaptation-set-switching properties name the wrong sets.
pack=("$packager" --quiet --single_threaded --use_fake_clock_for_muxer --segment_duration 4)
encrypt=(--enable_raw_key_encryption --clear_lead 0
  --protection_systems Widevine,PlayReady,Common)

say "Packaging cenc ..."
(
  cd "$new/cenc"
  keys="label=HD:key_id=$HD_KID:key=$HD_KEY:iv=$HD_CENC_IV"
  keys="$keys,label=SD:key_id=$SD_KID:key=$SD_KEY:iv=$SD_CENC_IV"
  keys="$keys,label=AUDIO:key_id=$AUDIO_KID:key=$AUDIO_KEY:iv=$AUDIO_CENC_IV"
  "${pack[@]}" \
    "in=$clear/audio.mp4,stream=audio,init_segment=audio/init.mp4,segment_template=audio/\$Number\$.m4s,lang=en,drm_label=AUDIO" \
    "in=$clear/video-180.mp4,stream=video,init_segment=video-180/init.mp4,segment_template=video-180/\$Number\$.m4s,drm_label=SD" \
    "in=$clear/video-360.mp4,stream=video,init_segment=video-360/init.mp4,segment_template=video-360/\$Number\$.m4s,drm_label=HD" \
    "${encrypt[@]}" --protection_scheme cenc --keys "$keys" \
    --generate_static_live_mpd --mpd_output manifest.mpd
)

say "Packaging cbcs ..."
(
  cd "$new/cbcs"
  keys="label=HD:key_id=$HD_KID:key=$HD_KEY:iv=$HD_CBCS_IV"
  keys="$keys,label=SD:key_id=$SD_KID:key=$SD_KEY:iv=$SD_CBCS_IV"
  keys="$keys,label=AUDIO:key_id=$AUDIO_KID:key=$AUDIO_KEY:iv=$AUDIO_CBCS_IV"
  "${pack[@]}" --temp_dir "$work" \
    "in=$clear/audio.mp4,stream=audio,output=audio.mp4,lang=en,drm_label=AUDIO" \
    "in=$clear/video-180.mp4,stream=video,output=video-180.mp4,drm_label=SD" \
    "in=$clear/video-360.mp4,stream=video,output=video-360.mp4,drm_label=HD" \
    "${encrypt[@]}" --protection_scheme cbcs --keys "$keys" \
    --mpd_output manifest.mpd
)

# HLS: the same tracks. CMAF is in one file for each track, read by byte ranges;
# transport stream and packed audio are in segments. The packager writes the key's
# identifier where the address of a key belongs (a data: URI of the format
# "identity"), so that is put right here; to CMAF, which has lines for Widevine and
# PlayReady, a line for a key file is added.
say "Packaging HLS ..."

# key_file LABEL KEY FOLDER: a key file as HLS has them, 16 bytes.
key_file() {
  printf "$(printf '%s' "$2" | sed 's/../\\x&/g')" >"$3/$1.key"
}

mkdir -p "$new/hls/sample-aes" "$new/hls/aes-128"
(
  cd "$new/hls"
  keys="label=HD:key_id=$HD_KID:key=$HD_KEY:iv=$HD_CBCS_IV"
  keys="$keys,label=SD:key_id=$SD_KID:key=$SD_KEY:iv=$SD_CBCS_IV"
  keys="$keys,label=AUDIO:key_id=$AUDIO_KID:key=$AUDIO_KEY:iv=$AUDIO_CBCS_IV"
  named=lang=en,hls_group_id=audio,hls_name=English
  "${pack[@]}" --temp_dir "$work" \
    "in=$clear/audio.mp4,stream=audio,output=audio.mp4,drm_label=AUDIO,playlist_name=audio.m3u8,$named" \
    "in=$clear/video-180.mp4,stream=video,output=video-180.mp4,drm_label=SD,playlist_name=video-180.m3u8,iframe_playlist_name=video-180-iframes.m3u8" \
    "in=$clear/video-360.mp4,stream=video,output=video-360.mp4,drm_label=HD,playlist_name=video-360.m3u8" \
    --enable_raw_key_encryption --clear_lead 0 --protection_systems Widevine,PlayReady \
    --protection_scheme cbcs --keys "$keys" --hls_master_playlist_output master.m3u8
  "${pack[@]}" \
    "in=$clear/audio.mp4,stream=audio,segment_template=sample-aes/audio-\$Number\$.aac,drm_label=AUDIO,playlist_name=sample-aes/audio.m3u8,$named" \
    "in=$clear/video-180.mp4,stream=video,segment_template=sample-aes/video-180-\$Number\$.ts,drm_label=SD,playlist_name=sample-aes/video-180.m3u8" \
    --enable_raw_key_encryption --clear_lead 0 --protection_scheme cbcs --keys "$keys" \
    --hls_master_playlist_output sample-aes/master.m3u8
  for folder in . sample-aes; do
    key_file SD "$SD_KEY" "$folder"
    key_file AUDIO "$AUDIO_KEY" "$folder"
  done
  key_file HD "$HD_KEY" .
  key_file SD "$SD_KEY" aes-128
  for track in audio:AUDIO video-180:SD video-180-iframes:SD video-360:HD; do
    file=${track%%:*} label=${track##*:}
    # Before the first key line, so that it is in force with it.
    awk -v line="#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"$label.key\",KEYFORMAT=\"identity\"" \
      '/^#EXT-X-KEY:/ && !done { print line; done = 1 } { print }' "$file.m3u8" >"$work/list"
    cp "$work/list" "$file.m3u8"
    [ -f "sample-aes/$file.m3u8" ] || continue
    sed "s|URI=\"data:text/plain;base64,[^\"]*\"|URI=\"$label.key\"|" "sample-aes/$file.m3u8" >"$work/list"
    cp "$work/list" "sample-aes/$file.m3u8"
  done
  printf '%s\n' SD.key aes-128/SD.key >"$work/key-info"
  ff -i "$clear/video-180.mp4" -i "$clear/audio.mp4" -map 0 -map 1 -c copy "${common[@]}" \
    -f hls -hls_time 4 -hls_playlist_type vod -hls_key_info_file "$work/key-info" \
    -master_pl_name master.m3u8 -hls_segment_filename 'aes-128/%d.ts' aes-128/media.m3u8
)

# --- Checks -----------------------------------------------------------------

# whole DIR: initialisation segment and media segments of DIR as one file.
whole() {
  local n=1
  cat "$1/init.mp4"
  while [ -f "$1/$n.m4s" ]; do
    cat "$1/$n.m4s"
    n=$((n + 1))
  done
}

say "Checking ..."
for track in video-360 video-180 audio; do
  case "$track" in
    video-360) label=HD kid=$HD_KID key=$HD_KEY kind=video ;;
    video-180) label=SD kid=$SD_KID key=$SD_KEY kind=video ;;
    audio) label=AUDIO kid=$AUDIO_KID key=$AUDIO_KEY kind=audio ;;
  esac
  grep -v '^#' "$new/expected/$track.tsv" >"$work/want.tsv"
  whole "$new/cenc/$track" >"$work/cenc-$track.mp4"
  cp "$new/cbcs/$track.mp4" "$work/cbcs-$track.mp4"
  for scheme in cenc cbcs; do
    file="$work/$scheme-$track.mp4"
    # Without the key: the same number and sizes, but no sample is the clear one.
    samples "$file" >"$work/got.tsv"
    awk -F'\t' 'NR == FNR { size[$1] = $2; md5[$1] = $3; n++; next }
      !($1 in size) || size[$1] != $2 || md5[$1] == $3 { bad = 1 }
      { m++ }
      END { exit bad || n != m }' "$work/want.tsv" "$work/got.tsv" ||
      fail "$scheme $track is not encrypted throughout"
    # With the key, ffmpeg takes it back to the clear samples.
    samples "$file" -decryption_key "$key" >"$work/got.tsv"
    cmp -s "$work/want.tsv" "$work/got.tsv" ||
      fail "ffmpeg does not decrypt $scheme $track to the clear samples"
    # So does the packager.
    "$packager" --quiet "in=$file,stream=$kind,output=$work/back.mp4" \
      --enable_raw_key_decryption --keys "label=$label:key_id=$kid:key=$key"
    samples "$work/back.mp4" >"$work/got.tsv"
    cmp -s "$work/want.tsv" "$work/got.tsv" ||
      fail "the packager does not decrypt $scheme $track to the clear samples"
    rm -f "$work/back.mp4"
  done
done

# frames LIST STREAM: MD5 of every frame of an HLS list that ffmpeg opens.
frames() {
  ffmpeg -nostdin -v error -allowed_extensions ALL -i "$1" -map "0:$2" -c copy -f framemd5 - |
    awk -F', *' '!/^#/ { print $6 }'
}

# The same without keys. ffmpeg 5.1 leaves the last frames of SAMPLE-AES encrypted.
mkdir -p "$work/twin"
(
  cd "$work/twin"
  "${pack[@]}" \
    "in=$clear/audio.mp4,stream=audio,segment_template=audio-\$Number\$.aac,playlist_name=audio.m3u8" \
    "in=$clear/video-180.mp4,stream=video,segment_template=video-180-\$Number\$.ts,playlist_name=video-180.m3u8" \
    --hls_master_playlist_output master.m3u8
  ff -i "$clear/video-180.mp4" -i "$clear/audio.mp4" -map 0 -map 1 -c copy "${common[@]}" \
    -f hls -hls_time 4 -hls_playlist_type vod -hls_segment_filename '%d.ts' media.m3u8
)
for pair in media:aes-128/media:0:500:500 media:aes-128/media:1:930:1000 video-180:sample-aes/video-180:0:498:500 audio:sample-aes/audio:0:930:1000; do
  IFS=: read -r twin list stream least most <<<"$pair"
  frames "$work/twin/$twin.m3u8" "$stream" >"$work/want-frames"
  frames "$new/hls/$list.m3u8" "$stream" >"$work/got-frames"
  same="$(paste "$work/want-frames" "$work/got-frames" | awk '$1 == $2' | wc -l)"
  [ "$same" -ge "$least" ] && [ "$same" -le "$most" ] ||
    fail "ffmpeg decrypts $same frames of hls/$list, stream $stream, to the clear ones"
done

! grep -rqaF -e "$work" "$new" || fail "a file names a local folder"

# --- Put it in place --------------------------------------------------------

for name in cenc cbcs hls expected keys.json; do
  rm -rf "${here:?}/$name"
  cp -R "$new/$name" "$here/$name"
done
bytes="$(find "$here" -type f -exec cat {} + | wc -c)"
[ "$bytes" -le "$MAX_BYTES" ] || fail "the sample has $bytes bytes; the limit is $MAX_BYTES"
say "Done: $((bytes)) bytes in all."
