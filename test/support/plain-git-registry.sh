# A model registry made by git and sha256sum alone, from the text of DESIGN section 1. Nothing of git-model is used:
# what stands here is what any other program would write. Runs in an empty directory.
set -eu

who='Zoë Ødegård <zoe@example.org>'
export GIT_AUTHOR_NAME='Zoë Ødegård' GIT_AUTHOR_EMAIL=zoe@example.org
export GIT_COMMITTER_NAME="$GIT_AUTHOR_NAME" GIT_COMMITTER_EMAIL="$GIT_AUTHOR_EMAIL"
export GIT_INDEX_FILE=.git/plain-index
now=1700000000

at() { # seconds zone
  export GIT_AUTHOR_DATE="@$1 $2" GIT_COMMITTER_DATE="@$1 $2"
}

git init -q -b main .
at $now +0000
policy=$(git hash-object -w --stdin <<'END'
schemaVersion: 1
name: by-hand
stages:
  staging: {}
  production:
    from: [staging]
END
)
main=$(git commit-tree -m 'The policy' "$(printf '100644 blob %s\tregistry.yaml\n' "$policy" | git mktree)")
git update-ref refs/heads/main "$main"

# The root of a stage: the empty tree, one author, date 0.
root() { # stage
  empty=$(git mktree </dev/null)
  GIT_AUTHOR_NAME=git-model GIT_AUTHOR_EMAIL=git-model@invalid GIT_AUTHOR_DATE='@0 +0000' \
    GIT_COMMITTER_NAME=git-model GIT_COMMITTER_EMAIL=git-model@invalid GIT_COMMITTER_DATE='@0 +0000' \
    git commit-tree -m "Create stage $1" "$empty"
}
git update-ref refs/heads/stage/staging "$(root staging)"
git update-ref refs/heads/stage/production "$(root production)"

# A version: a commit whose root tree is the version, and an annotated tag. Bytes lie where git-lfs puts them.
version() { # model version f1 [parent version]
  printf 'weights of %s %s\n' "$1" "$2" >.git/bytes
  sha=$(sha256sum .git/bytes | cut -d' ' -f1)
  size=$(wc -c <.git/bytes | tr -d ' ')
  place=.git/lfs/objects/$(printf %s "$sha" | cut -c1-2)/$(printf %s "$sha" | cut -c3-4)
  mkdir -p "$place"
  mv .git/bytes "$place/$sha"
  pointer=$(printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %s\n' "$sha" "$size" |
    git hash-object -w --stdin)
  attributes=$(printf '/artifacts/** filter=lfs diff=lfs merge=lfs -text linguist-generated=true\n' |
    git hash-object -w --stdin)
  manifest=$(git hash-object -w --stdin <<END
schemaVersion: 1
model: $1
version: $2
artifacts:
  - { path: model.onnx, role: model, format: onnx, sha256: "$sha", size: $size }
metrics:
  f1: $3
END
  )
  artifacts=$(printf '100644 blob %s\tmodel.onnx\n' "$pointer" | git mktree)
  tree=$(printf '100644 blob %s\t.gitattributes\n040000 tree %s\tartifacts\n100644 blob %s\tmanifest.yaml\n' \
    "$attributes" "$artifacts" "$manifest" | git mktree)
  now=$((now + 60))
  at $now +0100
  commit=$(git commit-tree ${4:+-p "refs/tags/$1@v$4^{commit}"} -m "$1 $2" "$tree")
  git tag -a -m "$1 $2" "$1@v$2" "$commit"
}
version fraud 1.0.0 0.80
version fraud 1.1.0 0.85 1.0.0
version fraud 1.2.0 0.99 1.1.0
version team/churn 1.0.0 0.5

# One commit of a stage: the model's folder becomes a tree, or goes.
hold() { # stage model tree-or-none message
  git read-tree "refs/heads/stage/$1"
  git rm -r -q -f --cached --ignore-unmatch -- "models/$2"
  test "$3" = none || git read-tree --prefix="models/$2/" "$3"
  git update-ref "refs/heads/stage/$1" "$(git commit-tree -p "refs/heads/stage/$1" -m "$4" "$(git write-tree)")"
}

# A release tag, as a function of the stage commit that is its stage's tip now. `last` is the date of the one before.
last=0
release() { # stage model kind number version previous first-line
  tip=$(git rev-parse "refs/heads/stage/$1")
  line=$(git cat-file commit "$tip" | sed -n 's/^committer //p')
  zone=${line##* }
  line=${line% *}
  seconds=${line##* }
  test "$seconds" -gt "$last" || seconds=$((last + 1))
  last=$seconds
  bang=
  test "$3" != demote || bang='!'
  name="$2#$1$bang#$4"
  tag=$(printf 'object %s\ntype commit\ntag %s\ntagger %s %s %s\n\n%s\n\nKind: %s\nVersion: %s\nPrevious: %s\nStage-Commit: %s\nVersion-Tag: %s\n' \
    "$(git rev-parse "refs/tags/$2@v$5^{commit}")" "$name" "$who" "$seconds" "$zone" "$7" "$3" "$5" "$6" "$tip" \
    "$(git rev-parse "refs/tags/$2@v$5")" | git mktag)
  git update-ref "refs/tags/$name" "$tag"
}

at $((now + 100)) +0000
hold staging team/churn 'team/churn@v1.0.0^{tree}' 'Merge pull request #12'
release staging team/churn release 1 1.0.0 none 'Release team/churn 1.0.0 to staging'

# Two in one second, one from the other side of the world, one with a clock that runs behind.
last=0
at $((now + 200)) +0530
hold production fraud 'fraud@v1.0.0^{tree}' 'Any message'
release production fraud release 1 1.0.0 none 'Release fraud 1.0.0 to production'
hold production fraud 'fraud@v1.1.0^{tree}' 'Any message'
release production fraud release 2 1.1.0 1.0.0 'Release fraud 1.1.0 to production'
at $((now + 100)) +0000
hold production fraud 'fraud@v1.2.0^{tree}' 'Any message'
release production fraud release 3 1.2.0 1.1.0 'Release fraud 1.2.0 to production'
at $((now + 300)) +0000
hold production fraud 'fraud@v1.1.0^{tree}' 'Revert "Any message"'
release production fraud rollback 4 1.1.0 1.2.0 'Roll back fraud to 1.1.0 on production'
hold production fraud none 'Take it off'
release production fraud demote 5 1.1.0 1.1.0 'Demote fraud 1.1.0 from production'
# A tree that no version has: it takes number 6 and no tag, and the second after the one before.
last=$((last + 1))
hold production fraud 'team/churn@v1.0.0^{tree}' 'A mistake'
at $((now + 400)) -0800
hold production fraud 'fraud@v1.0.0^{tree}' 'Any message'
release production fraud rollback 7 1.0.0 unregistered 'Roll back fraud to 1.0.0 on production'

# A yank: final, its reason is the one message that is ever read back.
at $((now + 500)) +0000
git tag -a -m "$(printf 'Yank fraud 1.2.0\n\nReason: leaked labels')" 'fraud@v1.2.0!#1' 'fraud@v1.2.0^{commit}'
rm -f "$GIT_INDEX_FILE"
